package main

import (
	clientproto "github.com/gravitational/teleport/api/client/proto"
	usertaskspb "github.com/gravitational/teleport/api/gen/proto/go/teleport/usertasks/v1"
	"github.com/gravitational/teleport/api/types"
	"github.com/gravitational/teleport/api/types/usertasks"
)

// writeEvents encodes what asks for a stream of events, and events as they come.
func writeEvents(out *writer, given inputs) {
	for name, kinds := range given.Watches {
		watch := &clientproto.Watch{AllowPartialSuccess: true}
		for _, kind := range kinds {
			watch.Kinds = append(watch.Kinds, types.WatchKind{Kind: kind})
		}
		out.gogo("Watch."+name, watch)
		out.google("Event.init-"+name, initEvent(watch.Kinds))
	}
	for name, in := range given.Deletions {
		header := &types.ResourceHeader{
			Kind:     in.Kind,
			Metadata: types.Metadata{Name: in.Name, Description: in.Description},
		}
		event := &clientproto.Event{
			Type:     clientproto.Operation_DELETE,
			Resource: &clientproto.Event_ResourceHeader{ResourceHeader: header},
		}
		out.google("Event.delete-"+name, event)
	}
}

func initEvent(kinds []types.WatchKind) *clientproto.Event {
	status := types.NewWatchStatus(kinds)
	return &clientproto.Event{
		Type:     clientproto.Operation_INIT,
		Resource: &clientproto.Event_WatchStatus{WatchStatus: status},
	}
}

func userTaskMessage(in userTask) (*usertaskspb.UserTask, error) {
	databases := map[string]*usertaskspb.DiscoverRDSDatabase{}
	for _, name := range in.Databases {
		databases[name] = &usertaskspb.DiscoverRDSDatabase{
			Name: name, Engine: "postgres", DiscoveryConfig: "daily", DiscoveryGroup: "cloud-discovery-group",
		}
	}
	return usertasks.NewDiscoverRDSUserTask(&usertaskspb.UserTaskSpec{
		Integration: in.Integration,
		TaskType:    usertasks.TaskTypeDiscoverRDS,
		IssueType:   usertasks.AutoDiscoverRDSIssueIAMAuthenticationDisabled,
		State:       usertasks.TaskStateOpen,
		DiscoverRds: &usertaskspb.DiscoverRDS{Databases: databases, AccountId: in.AccountID, Region: in.Region},
	})
}
