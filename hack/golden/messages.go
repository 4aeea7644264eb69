package main

import (
	"github.com/gogo/protobuf/proto"
	clientproto "github.com/gravitational/teleport/api/client/proto"
	integrationpb "github.com/gravitational/teleport/api/gen/proto/go/teleport/integration/v1"
	"github.com/gravitational/teleport/api/types"
)

// gogoMessage is what Teleport's legacy types are: they encode themselves.
type gogoMessage interface {
	proto.Message
	Marshal() ([]byte, error)
}

func databaseMessage(in database) (gogoMessage, error) {
	return types.NewDatabaseV3(
		types.Metadata{Name: in.Name, Description: in.Description, Labels: in.Labels},
		types.DatabaseSpecV3{
			Protocol: in.Protocol,
			URI:      in.URI,
			TLS:      types.DatabaseTLS{ServerName: in.TLSServerName},
			AWS: types.AWS{
				Region:    in.Region,
				AccountID: in.AccountID,
				RDS: types.RDS{
					InstanceID:     in.RDS.InstanceID,
					ClusterID:      in.RDS.ClusterID,
					ResourceID:     in.RDS.ResourceID,
					IAMAuth:        in.RDS.IAMAuth,
					Subnets:        in.RDS.Subnets,
					VPCID:          in.RDS.VPCID,
					SecurityGroups: in.RDS.SecurityGroups,
				},
			},
		},
	)
}

func tokenMessage(in token) (*types.ProvisionTokenV2, error) {
	rules := make([]*types.TokenRule, 0, len(in.Rules))
	for _, rule := range in.Rules {
		rules = append(rules, &types.TokenRule{AWSAccount: rule.Account, AWSARN: rule.ARN})
	}
	roles, err := types.NewTeleportRoles(in.Roles)
	if err != nil {
		return nil, err
	}
	message := &types.ProvisionTokenV2{
		Metadata: types.Metadata{Name: in.Name, Labels: in.Labels},
		Spec:     types.ProvisionTokenSpecV2{Roles: roles, Allow: rules, JoinMethod: types.JoinMethod(in.JoinMethod)},
	}
	return message, message.CheckAndSetDefaults()
}

func integrationMessage(in integration) (*types.IntegrationV1, error) {
	return types.NewIntegrationAWSOIDC(
		types.Metadata{Name: in.Name, Labels: in.Labels},
		&types.AWSOIDCIntegrationSpecV1{RoleARN: in.RoleARN},
	)
}

func maintenanceMessage(in maintenance) gogoMessage {
	return &types.ClusterMaintenanceConfigV1{
		Spec: types.ClusterMaintenanceConfigSpecV1{
			AgentUpgrades: &types.AgentUpgradeWindow{UTCStartHour: in.StartHour, Weekdays: in.Weekdays},
		},
	}
}

func nameMessage(name string) gogoMessage {
	return &types.ResourceRequest{Name: name}
}

func createTokenMessage(message *types.ProvisionTokenV2) gogoMessage {
	return &clientproto.CreateTokenV2Request{Token: &clientproto.CreateTokenV2Request_V2{V2: message}}
}

func upsertTokenMessage(message *types.ProvisionTokenV2) gogoMessage {
	return &clientproto.UpsertTokenV2Request{Token: &clientproto.UpsertTokenV2Request_V2{V2: message}}
}

func listingMessage(in listing) gogoMessage {
	return &clientproto.ListResourcesRequest{
		ResourceType: in.Kind,
		Namespace:    "default",
		Limit:        in.Limit,
		StartKey:     in.StartKey,
	}
}

func createIntegrationMessage(message *types.IntegrationV1) *integrationpb.CreateIntegrationRequest {
	return &integrationpb.CreateIntegrationRequest{Integration: message}
}

func updateIntegrationMessage(message *types.IntegrationV1) *integrationpb.UpdateIntegrationRequest {
	return &integrationpb.UpdateIntegrationRequest{Integration: message}
}
