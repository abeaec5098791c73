package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// introspect serves OAuth 2.0 token introspection (RFC 7662) on loopback. The
// token of USER is token-USER; no other is active. The file gets the URL, with
// which the server is ready.
func introspect(file string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte("http://"+listener.Addr().String()+"/\n"), 0o644); err != nil {
		return err
	}
	service := &http.Server{Handler: http.HandlerFunc(answer), ReadHeaderTimeout: 10 * time.Second}
	return service.Serve(listener)
}

func answer(w http.ResponseWriter, r *http.Request) {
	user, known := strings.CutPrefix(r.FormValue("token"), "token-")
	reply := introspection{Active: known}
	if known {
		reply.Username, reply.Scope = user, "mail"
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(reply); err != nil {
		fmt.Fprintln(os.Stderr, "helper:", err) // into the log of the server that asked
	}
}

// An introspection is a response of RFC 7662 section 2.2.
type introspection struct {
	Active   bool   `json:"active"`
	Username string `json:"username,omitempty"`
	Scope    string `json:"scope,omitempty"`
}
