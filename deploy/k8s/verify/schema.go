package verify

import (
	"fmt"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
	"sigs.k8s.io/yaml"
)

// Schemas decode objects. They are safe for concurrent use.
type Schemas struct {
	strict *json.Serializer
	custom map[schema.GroupVersionKind]customSchema
}

type customSchema struct {
	fields *structural.Structural
	values *validate.SchemaValidator
}

// ReadSchemas knows the kinds of Kubernetes that the manifests use, and those of
// the CRDs in the files.
func ReadSchemas(crds []string) (*Schemas, error) {
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, autoscalingv2.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
	} {
		if err := add(known); err != nil {
			return nil, err
		}
	}
	s := &Schemas{
		strict: json.NewSerializerWithOptions(json.DefaultMetaFactory, known, known, json.SerializerOptions{Strict: true}),
		custom: map[schema.GroupVersionKind]customSchema{},
	}
	for _, file := range crds {
		if err := s.learn(file); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return s, nil
}

// learn reads the CRD in a file.
func (s *Schemas) learn(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var written apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(text, &written); err != nil {
		return err
	}
	var crd apiextensions.CustomResourceDefinition
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&written, &crd, nil); err != nil {
		return err
	}
	for _, v := range crd.Spec.Versions {
		own := crd.Spec.Validation // one schema for all versions is kept apart
		if v.Schema != nil {
			own = v.Schema
		}
		if own == nil {
			return fmt.Errorf("version %s has no schema", v.Name)
		}
		fields, err := structural.NewStructural(own.OpenAPIV3Schema)
		if err != nil {
			return err
		}
		gvk := schema.GroupVersionKind{Group: crd.Spec.Group, Version: v.Name, Kind: crd.Spec.Names.Kind}
		s.custom[gvk] = customSchema{fields, validate.NewSchemaValidator(fields.ToKubeOpenAPI(), nil, "", strfmt.Default)}
	}
	return nil
}

// Decode fills a set and says what no server would take.
func (s *Schemas) Decode(set *Set) (f Findings) {
	set.Configs, set.Accounts, set.Claims = map[string]*corev1.ConfigMap{}, map[string]*corev1.ServiceAccount{}, map[string]bool{}
	for i := range set.Objects {
		o := &set.Objects[i]
		var head struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}
		if err := utiljson.Unmarshal(o.JSON, &head); err != nil {
			f.add(o, "%v", err)
			continue
		}
		if custom, ok := s.custom[schema.FromAPIVersionAndKind(head.APIVersion, head.Kind)]; ok {
			f = append(f, custom.decode(o)...)
			continue
		}
		typed, _, err := s.strict.Decode(o.JSON, nil, nil)
		if err != nil {
			f.add(o, "%v", err)
			continue
		}
		o.Typed = typed
		set.index(*o)
	}
	return f
}

func (c customSchema) decode(o *Object) (f Findings) {
	if err := utiljson.Unmarshal(o.JSON, &o.Custom); err != nil {
		f.add(o, "%v", err)
		return f
	}
	if result := c.values.Validate(o.Custom); !result.IsValid() {
		f.add(o, "%v", result.AsError())
	}
	copied := runtime.DeepCopyJSON(o.Custom)
	unknown := pruning.PruneWithOptions(copied, c.fields, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	for _, field := range unknown {
		f.add(o, "unknown field %q", field)
	}
	return f
}
