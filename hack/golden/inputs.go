package main

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// inputs mirrors inputs.json: what the operator is given, in the operator's own terms.
type inputs struct {
	Databases     map[string]database     `json:"databases"`
	Tokens        map[string]token        `json:"tokens"`
	Integrations  map[string]integration  `json:"integrations"`
	Listings      map[string]listing      `json:"listings"`
	Watches       map[string][]string     `json:"watches"`
	Deletions     map[string]deletion     `json:"deletions"`
	Maintenance   map[string]maintenance  `json:"maintenance"`
	UserTaskPages map[string]userTaskPage `json:"user_task_pages"`
	UserTasks     map[string]userTask     `json:"user_tasks"`
}

type database struct {
	Name          string            `json:"name"`
	Description   string            `json:"description"`
	Labels        map[string]string `json:"labels"`
	Protocol      string            `json:"protocol"`
	URI           string            `json:"uri"`
	Region        string            `json:"region"`
	AccountID     string            `json:"account_id"`
	RDS           rds               `json:"rds"`
	TLSServerName string            `json:"tls_server_name"`
}

type rds struct {
	InstanceID     string   `json:"instance_id"`
	ClusterID      string   `json:"cluster_id"`
	ResourceID     string   `json:"resource_id"`
	IAMAuth        bool     `json:"iam_auth"`
	Subnets        []string `json:"subnets"`
	VPCID          string   `json:"vpc_id"`
	SecurityGroups []string `json:"security_groups"`
}

type maintenance struct {
	StartHour uint32   `json:"start_hour"`
	Weekdays  []string `json:"weekdays"`
}

type token struct {
	Name       string            `json:"name"`
	JoinMethod string            `json:"join_method"`
	Roles      []string          `json:"roles"`
	Rules      []rule            `json:"rules"`
	Labels     map[string]string `json:"labels"`
}

type rule struct {
	Account string `json:"account"`
	ARN     string `json:"arn"`
}

type integration struct {
	Name    string            `json:"name"`
	SubKind string            `json:"sub_kind"`
	RoleARN string            `json:"role_arn"`
	Labels  map[string]string `json:"labels"`
}

type listing struct {
	Kind     string `json:"kind"`
	Limit    int32  `json:"limit"`
	StartKey string `json:"start_key"`
}

type deletion struct {
	Kind        string `json:"kind"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

type userTaskPage struct {
	Size  int64  `json:"size"`
	Token string `json:"token"`
}

type userTask struct {
	Integration string   `json:"integration"`
	AccountID   string   `json:"account_id"`
	Region      string   `json:"region"`
	Databases   []string `json:"databases"`
}

func readInputs(folder string) (inputs, error) {
	var read inputs
	file, err := os.Open(filepath.Join(folder, "inputs.json"))
	if err != nil {
		return read, err
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	return read, decoder.Decode(&read)
}
