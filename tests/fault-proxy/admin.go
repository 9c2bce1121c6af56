package main

import (
	"encoding/json"
	"net/http"
)

// adminHandler lets a test replace the rules (PUT /rules, a JSON list) and read
// what was requested since the last DELETE (GET /requests, a JSON list; GET
// /peak, how many requests were under way at a time, watches left out).
func adminHandler(f *faults) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /rules", func(w http.ResponseWriter, r *http.Request) {
		var rules []*rule
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&rules)
		if err == nil {
			err = f.replace(rules)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, r *http.Request) {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(f.history)
	})
	mux.HandleFunc("GET /peak", func(w http.ResponseWriter, _ *http.Request) {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		_ = json.NewEncoder(w).Encode(f.peak)
	})
	mux.HandleFunc("DELETE /requests", func(w http.ResponseWriter, r *http.Request) {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		f.history, f.peak = []*seen{}, f.open
	})
	return mux
}
