package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// mutation is one small change of a source file.
type mutation struct {
	file         string // path of the file
	line, column int    // in bytes, from 1
	start, end   int    // byte offsets of the text that is replaced
	old, new     string
	function     *function // that it is in; nil where it is in none
}

// String gives the place and both texts, in one line.
func (m mutation) String() string {
	return fmt.Sprintf("%s:%d:%d: %s → %s", m.file, m.line, m.column, short(m.old), short(m.new))
}

// short shortens a text for a list.
func short(text string) string {
	const most = 70
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-1]) + "…"
	}
	if text == "" {
		return "(removed)"
	}
	return text
}

// apply returns the source with the change.
func (m mutation) apply(source []byte) []byte {
	return []byte(string(source[:m.start]) + m.new + string(source[m.end:]))
}

// swaps are the operators that are easily confused.
var swaps = map[token.Token][]token.Token{
	token.LSS:  {token.LEQ, token.GEQ},
	token.LEQ:  {token.LSS, token.GTR},
	token.GTR:  {token.GEQ, token.LEQ},
	token.GEQ:  {token.GTR, token.LSS},
	token.EQL:  {token.NEQ},
	token.NEQ:  {token.EQL},
	token.LAND: {token.LOR},
	token.LOR:  {token.LAND},
	token.ADD:  {token.SUB},
	token.SUB:  {token.ADD},
	token.MUL:  {token.QUO},
	token.QUO:  {token.MUL},
}

// mutations returns the changes that are tried on a file. Some of them do not
// compile; only the compiler knows.
func mutations(name string, source []byte) ([]mutation, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	f := &finder{name: name, source: source, files: files}
	for _, declaration := range file.Decls {
		f.function = nil
		if d, ok := declaration.(*ast.FuncDecl); ok && d.Body != nil {
			f.function = newFunction(d, f)
		}
		ast.Inspect(declaration, f.visit)
	}
	return f.found, nil
}

// finder collects the mutations of one file.
type finder struct {
	name     string
	source   []byte
	files    *token.FileSet
	function *function // the one that is visited
	found    []mutation
}

func (f *finder) offset(p token.Pos) int { return f.files.Position(p).Offset }

func (f *finder) text(n ast.Node) string {
	return string(f.source[f.offset(n.Pos()):f.offset(n.End())])
}

func (f *finder) replace(from, to token.Pos, text string) {
	begin := f.files.Position(from)
	start, end := begin.Offset, f.offset(to)
	f.found = append(f.found, mutation{
		file: f.name, line: begin.Line, column: begin.Column, start: start, end: end,
		old: string(f.source[start:end]), new: text, function: f.function,
	})
}

func (f *finder) replaceNode(n ast.Node, text string) { f.replace(n.Pos(), n.End(), text) }

func (f *finder) visit(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.GenDecl:
		return n.Tok != token.IMPORT && n.Tok != token.TYPE
	case *ast.BinaryExpr:
		if n.Op == token.ADD && (isText(n.X) || isText(n.Y)) {
			return true
		}
		for _, swap := range swaps[n.Op] {
			f.replaceNode(n, f.text(n.X)+" "+swap.String()+" "+f.text(n.Y))
			// The place of the operator shows which one it is in a long condition.
			place := f.files.Position(n.OpPos)
			last := &f.found[len(f.found)-1]
			last.line, last.column = place.Line, place.Column
		}
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			f.replaceNode(n, f.text(n.X))
		}
	case *ast.IfStmt:
		f.condition(n.Cond)
	case *ast.Ident:
		switch n.Name {
		case "true":
			f.replaceNode(n, "false")
		case "false":
			f.replaceNode(n, "true")
		}
	case *ast.BasicLit:
		f.number(n)
	case *ast.CallExpr:
		f.call(n)
	case *ast.BlockStmt:
		f.statements(n.List)
	case *ast.CaseClause:
		f.statements(n.Body)
		for _, value := range n.List {
			if call, ok := value.(*ast.CallExpr); ok {
				f.condition(call)
			}
		}
	case *ast.CommClause:
		f.statements(n.Body)
	case *ast.CompositeLit:
		f.fields(n)
	case *ast.ReturnStmt:
		f.result(n)
	}
	return true
}

// isText reports whether an operand shows that + joins texts.
func isText(operand ast.Expr) bool {
	literal, ok := operand.(*ast.BasicLit)
	return ok && literal.Kind == token.STRING
}

// condition inverts a condition that has no operator to swap.
func (f *finder) condition(cond ast.Expr) {
	switch c := cond.(type) {
	case *ast.CallExpr, *ast.SelectorExpr:
		f.replaceNode(c, "!"+f.text(c))
	case *ast.Ident:
		if c.Name != "nil" && c.Name != "true" && c.Name != "false" {
			f.replaceNode(c, "!"+f.text(c))
		}
	}
}

// number changes an integer by one.
func (f *finder) number(n *ast.BasicLit) {
	if value, err := strconv.ParseInt(n.Value, 10, 64); n.Kind == token.INT && err == nil {
		f.replaceNode(n, strconv.FormatInt(value+1, 10))
	}
}

// call exchanges min and max, or takes one of their arguments. It leaves out calls
// that only change their argument a little.
func (f *finder) call(n *ast.CallExpr) {
	switch name := f.text(n.Fun); name {
	case "min", "max":
		other := map[string]string{"min": "max", "max": "min"}[name]
		f.replaceNode(n, other+strings.TrimPrefix(f.text(n), name))
		for _, argument := range n.Args {
			f.replaceNode(n, f.text(argument))
		}
	case "context.WithoutCancel", "slices.Clone", "strings.ToLower", "strings.TrimSpace":
		f.replaceNode(n, f.text(n.Args[0]))
	}
}

// statements removes one statement after the other: calls, assignments, and
// branches that have no alternative.
func (f *finder) statements(list []ast.Stmt) {
	for _, statement := range list {
		switch s := statement.(type) {
		case *ast.ExprStmt, *ast.IncDecStmt, *ast.DeferStmt, *ast.SendStmt:
			f.replaceNode(s, "")
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				f.replaceNode(s, "")
			}
		case *ast.BranchStmt:
			if s.Label == nil && s.Tok != token.FALLTHROUGH {
				f.replaceNode(s, "")
			}
		}
	}
}

// fields leaves out one field of a struct, or one entry of a map.
func (f *finder) fields(n *ast.CompositeLit) {
	for _, element := range n.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		end := f.offset(pair.End())
		for end < len(f.source) && (f.source[end] == ' ' || f.source[end] == '\t') {
			end++
		}
		if end < len(f.source) && f.source[end] == ',' {
			f.replace(pair.Pos(), pair.End()+token.Pos(end-f.offset(pair.End())+1), "")
		} else {
			f.replaceNode(pair, "")
		}
	}
}

// result returns nil in place of an error.
func (f *finder) result(n *ast.ReturnStmt) {
	if len(n.Results) == 0 {
		return
	}
	if last, ok := n.Results[len(n.Results)-1].(*ast.Ident); ok && last.Name == "err" {
		f.replaceNode(last, "nil")
	}
}
