package main

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// function is a function declaration. For each change in it, the test binary has a
// changed copy of it, and the function calls the copy that is chosen:
//
//	func (p *pager) more(n int) bool { switch mutationNumber { case 7: return p.more_mutation7(n) }; return n < p.size }
//	func (p *pager) more_mutation7(n int) bool { return n <= p.size }
//
// So one binary serves for all changes of a package.
type function struct {
	name       string
	start, end int    // byte offsets of the declaration
	afterName  int    // byte offset
	body       int    // byte offset after the brace that opens its body
	edits      []edit // of its signature, so that each parameter has a name
	before     string // of the copy's name in a call, such as "p."
	after      string // of the copy's name in a call, such as "(ctx, names...)"
	results    bool
}

// edit is a text that takes the place of another.
type edit struct {
	start, end int // byte offsets
	text       string
}

func newFunction(d *ast.FuncDecl, f *finder) *function {
	fn := &function{
		name:  d.Name.Name,
		start: f.offset(d.Type.Func), end: f.offset(d.End()), afterName: f.offset(d.Name.End()), body: f.offset(d.Body.Lbrace) + 1,
		results: d.Type.Results != nil,
	}
	if d.Recv != nil {
		fn.before = fn.arguments(d.Recv, "mutationReceiver", f) + "."
	}
	if d.Type.TypeParams != nil {
		fn.after = "[" + fn.arguments(d.Type.TypeParams, "", f) + "]"
	}
	fn.after += "(" + fn.arguments(d.Type.Params, "mutationParameter", f) + ")"
	return fn
}

// arguments returns the names of parameters as a call has them. Those that have none
// get one.
func (fn *function) arguments(list *ast.FieldList, other string, f *finder) string {
	var names []string
	for _, field := range list.List {
		dots := ""
		if _, variadic := field.Type.(*ast.Ellipsis); variadic {
			dots = "..."
		}
		for _, name := range field.Names {
			text := name.Name
			if text == "_" {
				text = fmt.Sprint(other, len(names))
				fn.edits = append(fn.edits, edit{f.offset(name.Pos()), f.offset(name.End()), text})
			}
			names = append(names, text+dots)
		}
		if field.Names == nil {
			text := fmt.Sprint(other, len(names))
			fn.edits = append(fn.edits, edit{f.offset(field.Pos()), f.offset(field.Pos()), text + " "})
			names = append(names, text+dots)
		}
	}
	return strings.Join(names, ", ")
}

// dispatch returns the edits of the function that make it call the copy with the
// chosen number.
func (fn *function) dispatch(numbers []int) []edit {
	var cases strings.Builder
	cases.WriteString(" switch mutationNumber {")
	for _, number := range numbers {
		call := fn.before + fn.name + suffix(number) + fn.after
		if fn.results {
			fmt.Fprintf(&cases, " case %d: return %s;", number, call)
		} else {
			fmt.Fprintf(&cases, " case %d: %s; return;", number, call)
		}
	}
	cases.WriteString(" };")
	return append(slices.Clone(fn.edits), edit{fn.body, fn.body, cases.String()})
}

// copyOf returns the copy of the function with a change.
func (fn *function) copyOf(source []byte, number int, m mutation) string {
	return string(source[fn.start:fn.afterName]) + suffix(number) +
		string(source[fn.afterName:m.start]) + m.new + string(source[m.end:fn.end])
}

// suffix returns what the name of a copy has after that of its function.
func suffix(number int) string { return fmt.Sprint("_mutation", number) }
