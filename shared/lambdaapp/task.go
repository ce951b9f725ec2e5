package lambdaapp

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"tocsin/shared/notice"
)

// spellTask puts a state change of a task of ECS into words.
func spellTask(e bridgeEvent) (notice.Notice, error) {
	var d struct {
		ClusterARN        string `json:"clusterArn"`
		TaskARN           string `json:"taskArn"`
		TaskDefinitionARN string `json:"taskDefinitionArn"`
		Group             string `json:"group"` // service:{name} or family:{name}
		LastStatus        string `json:"lastStatus"`
		DesiredStatus     string `json:"desiredStatus"`
		StopCode          string `json:"stopCode"`
		StoppedReason     string `json:"stoppedReason"`
		LaunchType        string `json:"launchType"`
		Containers        []struct {
			Name       string `json:"name"`
			LastStatus string `json:"lastStatus"`
			ExitCode   *int   `json:"exitCode"`
			Reason     string `json:"reason"`
		} `json:"containers"`
	}
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return notice.Notice{}, fmt.Errorf("read detail: %w", err)
	}
	if d.TaskARN == "" || d.LastStatus == "" {
		return notice.Notice{}, errors.New("the detail names no task or no status")
	}
	name := lastOf(d.Group, ":")
	if name == "" {
		name = lastOf(d.TaskARN, "/")
	}
	summary := "A task of " + name + " is " + d.LastStatus
	if d.DesiredStatus != "" && d.DesiredStatus != d.LastStatus {
		summary += ", shall be " + d.DesiredStatus
	}
	facts := [][2]string{{"Reason", d.StoppedReason}, {"Stop code", d.StopCode}}
	brief := d.StoppedReason
	for _, c := range d.Containers {
		status := c.LastStatus
		if c.ExitCode != nil {
			status = fmt.Sprintf("%s, exit code %d", status, *c.ExitCode)
			if *c.ExitCode != 0 {
				brief = strings.TrimSpace(fmt.Sprintf("%s (%s: exit code %d)", brief, c.Name, *c.ExitCode))
			}
		}
		if c.Reason != "" {
			status += ": " + c.Reason
		}
		facts = append(facts, [2]string{"Container " + c.Name, status})
	}
	facts = append(facts, [][2]string{
		{"Cluster", lastOf(d.ClusterARN, "/")},
		{"Task", lastOf(d.TaskARN, "/")},
		{"Task definition", lastOf(d.TaskDefinitionARN, "/")},
		{"Launch type", d.LaunchType},
		{"Time", notice.Time(e.Time)},
		place(e.Account, e.Region),
	}...)
	return notice.Notice{
		State:   d.LastStatus,
		Subject: "ECS: " + name + " " + d.LastStatus,
		Brief:   brief,
		Summary: summary + ".",
		Facts:   facts,
	}, nil
}

// lastOf is what follows the last separator, or everything.
func lastOf(s, separator string) string { return s[strings.LastIndex(s, separator)+1:] }
