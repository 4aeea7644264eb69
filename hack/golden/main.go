// Command golden encodes, with Teleport's own Go types, the messages that the operator sends.
//
//	go run . ../../tests/unit/teleport/golden
//
// It reads inputs.json in that folder and writes one .bin file for each message beside it.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	clientproto "github.com/gravitational/teleport/api/client/proto"
	integrationpb "github.com/gravitational/teleport/api/gen/proto/go/teleport/integration/v1"
	usertaskspb "github.com/gravitational/teleport/api/gen/proto/go/teleport/usertasks/v1"
	googleproto "google.golang.org/protobuf/proto"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: golden FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder string) error {
	given, err := readInputs(folder)
	if err != nil {
		return err
	}
	out := writer{folder: folder}
	out.gogo("PingRequest", &clientproto.PingRequest{})
	for name, in := range given.Databases {
		message, err := databaseMessage(in)
		if err != nil {
			return fmt.Errorf("database %s: %w", name, err)
		}
		out.gogo("DatabaseV3."+name, message, metadataOfResource)
		out.gogo("ResourceRequest."+name, nameMessage(in.Name))
	}
	for name, in := range given.Tokens {
		message, err := tokenMessage(in)
		if err != nil {
			return fmt.Errorf("token %s: %w", name, err)
		}
		out.gogo("CreateTokenV2Request."+name, createTokenMessage(message), tokenInRequest, metadataOfResource)
		out.gogo("UpsertTokenV2Request."+name, upsertTokenMessage(message), tokenInRequest, metadataOfResource)
		out.gogo("ResourceRequest."+name, nameMessage(in.Name))
	}
	for name, in := range given.Integrations {
		message, err := integrationMessage(in)
		if err != nil {
			return fmt.Errorf("integration %s: %w", name, err)
		}
		path := []field{integrationInRequest, headerOfIntegration, metadataOfResource}
		out.google("CreateIntegrationRequest."+name, createIntegrationMessage(message), path...)
		out.google("UpdateIntegrationRequest."+name, updateIntegrationMessage(message), path...)
		out.google("GetIntegrationRequest."+name, &integrationpb.GetIntegrationRequest{Name: in.Name})
		out.google("DeleteIntegrationRequest."+name, &integrationpb.DeleteIntegrationRequest{Name: in.Name})
	}
	for name, in := range given.Listings {
		out.gogo("ListResourcesRequest."+name, listingMessage(in))
	}
	for name, in := range given.Maintenance {
		out.gogo("ClusterMaintenanceConfigV1."+name, maintenanceMessage(in))
	}
	writeEvents(&out, given)
	for name, in := range given.UserTaskPages {
		out.google("ListUserTasksRequest."+name, &usertaskspb.ListUserTasksRequest{PageSize: in.Size, PageToken: in.Token})
	}
	for name, in := range given.UserTasks {
		message, err := userTaskMessage(in)
		if err != nil {
			return fmt.Errorf("user task %s: %w", name, err)
		}
		out.google("ListUserTasksResponse."+name, &usertaskspb.ListUserTasksResponse{UserTasks: []*usertaskspb.UserTask{message}})
	}
	return out.err
}

// writer keeps the first error, so that the list of messages above reads as a list.
type writer struct {
	folder string
	err    error
}

func (w *writer) gogo(name string, message gogoMessage, metadata ...field) {
	encoded, err := message.Marshal()
	w.write(name, encoded, err, metadata)
}

func (w *writer) google(name string, message googleproto.Message, metadata ...field) {
	encoded, err := googleproto.Marshal(message)
	w.write(name, encoded, err, metadata)
}

func (w *writer) write(name string, encoded []byte, err error, metadata []field) {
	if err == nil && len(metadata) > 0 {
		encoded, err = sortLabels(encoded, metadata)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(w.folder, name+".bin"), encoded, 0o644)
	}
	if w.err == nil && err != nil {
		w.err = fmt.Errorf("%s: %w", name, err)
	}
}
