package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
)

// source is what reflection cannot see of the Go types: their comments and
// the constants of string types. Keys are "package.Type" and
// "package.Type.Field".
type source struct {
	docs   map[string]string
	values map[string][]string
}

// readSource parses the packages whose types go over the wire.
func readSource(root string) (*source, error) {
	s := &source{docs: map[string]string{}, values: map[string][]string{}}
	for _, dir := range []string{"campaigns", "agentui/protocol"} {
		paths, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			if err != nil {
				return nil, fmt.Errorf("parse %s: %w", path, err)
			}
			s.readFile(file)
		}
	}
	return s, nil
}

func (s *source) readFile(file *ast.File) {
	pkg := file.Name.Name
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				s.readType(pkg, gen, spec)
			case *ast.ValueSpec:
				if gen.Tok == token.CONST {
					s.readConst(pkg, spec)
				}
			}
		}
	}
}

func (s *source) readType(pkg string, gen *ast.GenDecl, spec *ast.TypeSpec) {
	key := pkg + "." + spec.Name.Name
	doc := spec.Doc
	if doc == nil {
		doc = gen.Doc
	}
	s.docs[key] = oneLine(doc)
	structType, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range structType.Fields.List {
		doc := field.Doc
		if doc == nil {
			doc = field.Comment
		}
		for _, name := range field.Names {
			s.docs[key+"."+name.Name] = oneLine(doc)
		}
	}
}

func (s *source) readConst(pkg string, spec *ast.ValueSpec) {
	var key string
	switch typ := spec.Type.(type) {
	case *ast.Ident:
		key = pkg + "." + typ.Name
	case *ast.SelectorExpr:
		// The edge's own codes of campaigns.Code.
		if x, ok := typ.X.(*ast.Ident); ok {
			key = x.Name + "." + typ.Sel.Name
		}
	}
	if key == "" {
		return
	}
	for _, value := range spec.Values {
		if lit, ok := value.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				s.values[key] = append(s.values[key], text)
			}
		}
	}
}

// oneLine joins a comment's lines.
func oneLine(doc *ast.CommentGroup) string {
	if doc == nil {
		return ""
	}
	return strings.Join(strings.Fields(doc.Text()), " ")
}
