package openapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// readComments gives the comments of the types of a package and of their fields,
// by Type and Type.Field, on one line each.
func readComments(folder string) (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	comments := map[string]string{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, decl := range parsed.Decls {
			types, ok := decl.(*ast.GenDecl)
			if !ok || types.Tok != token.TYPE {
				continue
			}
			for _, spec := range types.Specs {
				t := spec.(*ast.TypeSpec)
				comments[t.Name.Name] = oneLine(types.Doc, t.Doc)
				if fields, ok := t.Type.(*ast.StructType); ok {
					readFields(t.Name.Name, fields, comments)
				}
			}
		}
	}
	return comments, nil
}

func readFields(typeName string, fields *ast.StructType, comments map[string]string) {
	for _, field := range fields.Fields.List {
		for _, name := range field.Names {
			comments[typeName+"."+name.Name] = oneLine(field.Doc, field.Comment)
		}
	}
}

func oneLine(groups ...*ast.CommentGroup) string {
	var words []string
	for _, g := range groups {
		words = append(words, strings.Fields(g.Text())...) // none for nil
	}
	return strings.Join(words, " ")
}
