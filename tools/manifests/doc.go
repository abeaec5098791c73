// Package manifests has no code, only tests: of what stands in deploy/ for Compose and for Kubernetes, by the formats' own libraries.
// It is a module of its own, so that nobody who imports popgate gets theirs.
package manifests
