package manifests

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const base = "../../deploy/kubernetes"

// build returns what kustomize makes of a folder.
func build(t *testing.T, folder string) []byte {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	text, err := resources.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// decode returns the objects of a YAML stream. A kind or a field that Kubernetes does not know, or a field given twice, is an error.
func decode(text []byte) ([]runtime.Object, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	var objects []runtime.Object
	for documents := yaml.NewYAMLReader(newReader(text)); ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		object, _, err := decoder.Decode(document, nil, nil)
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
}

// find returns the one object of a type.
func find[T runtime.Object](t *testing.T, objects []runtime.Object) T {
	t.Helper()
	var found []T
	for _, object := range objects {
		if one, ok := object.(T); ok {
			found = append(found, one)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d objects of %T", len(found), *new(T))
	}
	return found[0]
}

func TestKubernetes(t *testing.T) {
	objects, err := decode(build(t, base))
	if err != nil {
		t.Fatal(err)
	}
	set := find[*appsv1.StatefulSet](t, objects)
	service := find[*corev1.Service](t, objects)
	if service.Spec.ClusterIP != corev1.ClusterIPNone || set.Spec.ServiceName != service.Name {
		t.Errorf("service %s has address %q, the set names %q", service.Name, service.Spec.ClusterIP, set.Spec.ServiceName)
	}
	budget, policy := find[*policyv1.PodDisruptionBudget](t, objects), find[*networkingv1.NetworkPolicy](t, objects)
	pods := labels.Set(set.Spec.Template.Labels)
	for name, selector := range map[string]*metav1.LabelSelector{
		"the set": set.Spec.Selector, "the service": {MatchLabels: service.Spec.Selector}, "the budget": budget.Spec.Selector,
		"the policy": &policy.Spec.PodSelector, "the spread": set.Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector,
	} {
		matches, err := metav1.LabelSelectorAsSelector(selector)
		if err != nil || matches.Empty() || !matches.Matches(pods) {
			t.Errorf("%s selects %v, not the pods %v alone: %v", name, matches, pods, err)
		}
	}
	checkPod(t, set.Spec.Template.Spec)
	port := set.Spec.Template.Spec.Containers[0].Ports[0].Name
	if got := service.Spec.Ports[0].TargetPort.String(); got != port {
		t.Errorf("the service leads to port %s, not %s", got, port)
	}
	if got := policy.Spec.Ingress[0].Ports[0].Port.String(); got != port {
		t.Errorf("the policy opens port %s, not %s", got, port)
	}
}

// checkPod tells where a pod asks for more than popgate needs.
func checkPod(t *testing.T, pod corev1.PodSpec) {
	t.Helper()
	if c := pod.SecurityContext; c == nil || !is(c.RunAsNonRoot) || c.SeccompProfile == nil || c.RunAsUser == nil || *c.RunAsUser == 0 {
		t.Errorf("security context of the pod: %+v", c)
	}
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		t.Error("the pod gets a token of Kubernetes")
	}
	if pod.EnableServiceLinks == nil || *pod.EnableServiceLinks {
		t.Error("a service may set POPGATE_* variables")
	}
	container := pod.Containers[0]
	c := container.SecurityContext
	if c == nil || !is(c.ReadOnlyRootFilesystem) || c.AllowPrivilegeEscalation == nil || *c.AllowPrivilegeEscalation ||
		c.Capabilities == nil || !slices.Contains(c.Capabilities.Drop, "ALL") {
		t.Errorf("security context of the container: %+v", c)
	}
	if container.ReadinessProbe == nil || container.LivenessProbe == nil || container.StartupProbe == nil {
		t.Error("a probe is missing")
	}
	if container.Resources.Limits.Memory().IsZero() {
		t.Error("no limit of memory")
	}
	mounted := map[string]bool{}
	for _, m := range container.VolumeMounts {
		mounted[m.Name] = m.ReadOnly
	}
	for _, v := range pod.Volumes {
		if v.Secret == nil || !mounted[v.Name] {
			t.Errorf("volume %s is no secret, or not mounted for reading only", v.Name)
		}
	}
	for _, e := range container.Env {
		if file := e.Value; strings.HasPrefix(file, "/") && !slices.ContainsFunc(container.VolumeMounts, func(m corev1.VolumeMount) bool {
			return strings.HasPrefix(file, m.MountPath+"/")
		}) {
			t.Errorf("%s: no volume has %s", e.Name, file)
		}
	}
}

func is(b *bool) bool { return b != nil && *b }

func newReader(text []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(text)) }

// TestKubernetesRefuses shows that the check finds what it is for.
func TestKubernetesRefuses(t *testing.T) {
	text := string(build(t, base))
	for was, becomes := range map[string]string{
		"serviceName:": "serviceNam:", "clusterIP:": "clusterIp:", "kind: StatefulSet": "kind: StatefulSets",
		"replicas: 3": "replicas: three", "policy/v1": "policy/v1beta1", "tcpSocket:": "tcpsocket:",
	} {
		wrong := strings.Replace(text, was, becomes, 1)
		if wrong == text {
			t.Errorf("%q is not in the manifests", was)
		}
		if _, err := decode([]byte(wrong)); err == nil {
			t.Errorf("%q in place of %q is not found", becomes, was)
		}
	}
}
