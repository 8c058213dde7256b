// sdk_codegen generates an SDK from a package schema, with the settings of `pulumi package add`.
// That command needs a language host with GeneratePackage; the hosts that are available as Go modules do not have it.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "sdk_codegen"

func main() {
	if len(os.Args) != 4 {
		fail(errors.New("usage: sdk_codegen SCHEMA go|nodejs FOLDER"))
	}
	pkg, err := read(os.Args[1])
	if err != nil {
		fail(err)
	}
	files, err := generate(pkg, os.Args[2])
	if err != nil {
		fail(err)
	}
	if err := write(files, os.Args[3]); err != nil {
		fail(err)
	}
}

func read(file string) (*schema.Package, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	spec.Meta = &schema.MetadataSpec{SupportPack: true}
	pkg, problems, err := schema.BindSpec(spec, noReferences{}, schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	for _, problem := range problems {
		fmt.Fprintln(os.Stderr, problem)
	}
	if problems.HasErrors() {
		return nil, errors.New("the schema is not valid")
	}
	return pkg, nil
}

func generate(pkg *schema.Package, language string) (map[string][]byte, error) {
	switch language {
	case "go":
		return golang.GeneratePackage(tool, pkg, nil)
	case "nodejs":
		return nodejs.GeneratePackage(tool, pkg, nil, nil, true, noReferences{})
	}
	return nil, fmt.Errorf("no generator for %q", language)
}

func write(files map[string][]byte, folder string) error {
	for name, content := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// noReferences loads no other packages, because the schema refers to none.
type noReferences struct{ schema.ReferenceLoader }

func fail(err error) {
	fmt.Fprintln(os.Stderr, "sdk_codegen:", err)
	os.Exit(1)
}
