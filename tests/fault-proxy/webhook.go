package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync/atomic"
)

var calls atomic.Int64

// mutate is a mutating admission webhook that rewrites data.key of what it is asked about:
// /webhook/same always to the same value, /webhook/other to another one each time.
func mutate(w http.ResponseWriter, r *http.Request) {
	var review struct {
		Request struct {
			UID string `json:"uid"`
		} `json:"request"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&review); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	value := "rewritten"
	if r.URL.Path == "/webhook/other" {
		value += " " + strconv.FormatInt(calls.Add(1), 10)
	}
	patch, _ := json.Marshal([]map[string]string{{"op": "replace", "path": "/data/key", "value": value}})
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
		"response": map[string]any{"uid": review.Request.UID, "allowed": true, "patchType": "JSONPatch", "patch": patch},
	})
}
