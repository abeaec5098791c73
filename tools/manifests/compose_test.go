package manifests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

const composeFile = "../../deploy/docker-compose.yaml"

// load reads a Compose file as `docker compose config` does: by the schema of the format, and then by its rules.
func load(t *testing.T, text string) (*types.Project, error) {
	t.Helper()
	folder, err := filepath.Abs(filepath.Dir(composeFile))
	if err != nil {
		t.Fatal(err)
	}
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  folder,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(folder, filepath.Base(composeFile)), Content: []byte(text)}},
		Environment: types.Mapping{},
	})
}

func composeText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(composeFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestCompose(t *testing.T) {
	project, err := load(t, composeText(t))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for name, service := range project.Services {
		if !service.ReadOnly || len(service.CapDrop) != 1 || service.CapDrop[0] != "ALL" || len(service.SecurityOpt) == 0 {
			t.Errorf("%s may do more than it needs", name)
		}
		for _, v := range service.Volumes {
			if !v.ReadOnly {
				t.Errorf("%s may write to %s", name, v.Target)
			}
		}
		if service.Build == nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(service.Build.Context, service.Build.Dockerfile)); err != nil {
			t.Error(err)
		}
		replica := service.Environment["POPGATE_REPLICA"]
		if replica == nil || *replica != name {
			t.Errorf("%s calls itself %v", name, replica)
		}
		names[name] = true
	}
	if len(names) != 2 {
		t.Errorf("%d replicas", len(names))
	}
	for name := range project.Services["haproxy"].DependsOn {
		delete(names, name)
	}
	if len(names) != 0 {
		t.Errorf("HAProxy does not wait for %v", names)
	}
}

// TestComposeRefuses shows that the check finds what it is for.
func TestComposeRefuses(t *testing.T) {
	text := composeText(t)
	for was, becomes := range map[string]string{
		"read_only: true": "readonly: true", "cap_drop: [ALL]": "cap_drop: ALL", "mem_limit: 512m": "mem_limit: [512]",
		"condition: service_healthy": "condition: healthy", "networks: [inside, outside]": "networks: [inside, elsewhere]",
	} {
		wrong := strings.Replace(text, was, becomes, 1)
		if wrong == text {
			t.Errorf("%q is not in the file", was)
		}
		if _, err := load(t, wrong); err == nil {
			t.Errorf("%q in place of %q is not found", becomes, was)
		}
	}
}
