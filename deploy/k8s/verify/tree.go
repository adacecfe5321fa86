package verify

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Tree is a copy of the manifests in memory, to which kustomizations may be
// added. It is not safe for concurrent use; Fork gives others one of their own.
type Tree struct{ files map[string][]byte }

// folders of deploy that kustomizations lie in.
var folders = []string{"k8s", "rabbitmq", "observability"}

// ReadTree reads the manifests of the repository at a path.
func ReadTree(repository string) (*Tree, error) {
	t := &Tree{files: map[string][]byte{}}
	deploy := os.DirFS(filepath.Join(repository, "deploy"))
	for _, folder := range folders {
		err := fs.WalkDir(deploy, folder, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || strings.HasSuffix(name, ".go") {
				return err
			}
			t.files["/"+name], err = fs.ReadFile(deploy, name)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Fork returns a copy.
func (t *Tree) Fork() *Tree {
	c := &Tree{files: make(map[string][]byte, len(t.files))}
	for name, text := range t.files {
		c.files[name] = text
	}
	return c
}

// Write puts a file into the tree; its path is one below deploy/k8s.
func (t *Tree) Write(name, text string) { t.files[path.Join("/k8s", name)] = []byte(text) }

// Names lists the folders below a folder of deploy/k8s.
func (t *Tree) Names(folder string) []string {
	var names []string
	for name := range t.files {
		rest, ok := strings.CutPrefix(name, path.Join("/k8s", folder)+"/")
		if one, ok2 := strings.CutSuffix(rest, "/kustomization.yaml"); ok && ok2 {
			names = append(names, one)
		}
	}
	return names
}

// Build makes the objects of a kustomization, whose path is one below deploy/k8s.
func (t *Tree) Build(kustomization string) (*Set, error) {
	disk := filesys.MakeFsInMemory()
	for name, text := range t.files {
		if err := disk.WriteFile(name, text); err != nil {
			return nil, err
		}
	}
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(disk, path.Join("/k8s", kustomization))
	if err != nil {
		return nil, fmt.Errorf("kustomize %s: %w", kustomization, err)
	}
	s := &Set{}
	for _, r := range made.Resources() {
		text, err := r.MarshalJSON()
		if err != nil {
			return nil, err
		}
		s.Objects = append(s.Objects, Object{Kind: r.GetKind(), Name: r.GetName(), Namespace: r.GetNamespace(), JSON: text})
	}
	return s, nil
}
