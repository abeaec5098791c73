package server

import (
	goreflect "reflect"
	"strings"
	"testing"
)

// TestZeroIsTheDefault: a limit that is not set, or set to 0, is the default, and never none. Only rates have no limit unless one is
// asked for.
func TestZeroIsTheDefault(t *testing.T) {
	limits := goreflect.ValueOf(Limits{}.withDefaults())
	for i := range limits.NumField() {
		name, value := limits.Type().Field(i).Name, limits.Field(i)
		if !value.CanInt() {
			if !strings.Contains(name, "PerSecond") {
				t.Errorf("%s is neither a number nor a rate", name)
			}
			continue
		}
		if value.Int() <= 0 {
			t.Errorf("%s: %d", name, value.Int())
		}
	}
}
