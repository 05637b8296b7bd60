package definition

import (
	"reflect"
	"strings"
)

// field is a key of a struct.
type field struct {
	name  string
	index []int
}

// fieldsOf gives the keys of a struct by their JSON names, in order.
func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			for _, inner := range fieldsOf(f.Type) {
				all = append(all, field{inner.name, append([]int{i}, inner.index...)})
			}
		case !f.IsExported(), name == "-":
		case name == "":
			all = append(all, field{f.Name, []int{i}})
		default:
			all = append(all, field{name, []int{i}})
		}
	}
	return all
}
