package main

import (
	"os"
	"path/filepath"
)

// Tests ask the audit log who read, wrote or deleted what. Bodies are kept for
// writes, so that a test can see what an operator sent, but not for Secrets.
// The control plane's own components and the tests (user "admin") are left out.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users: [admin, "system:apiserver"]
- level: Metadata
  resources: [{group: "", resources: [secrets]}]
- level: RequestResponse
  verbs: [create, update, patch, delete, deletecollection]
- level: Metadata
`

// auditArgs writes the policy and returns the API server's flags for it.
func auditArgs(dataDir, log string) ([]string, error) {
	policy := filepath.Join(dataDir, "audit-policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return nil, err
	}
	return []string{
		"--audit-policy-file=" + policy,
		"--audit-log-path=" + log,
		"--audit-log-mode=blocking", // a line is there before the answer is
		"--audit-log-maxsize=1024",  // MB: never rotated in a test run
	}, nil
}
