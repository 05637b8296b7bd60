package protocol

import _ "embed"

//go:embed asyncapi.json
var asyncAPI []byte

// AsyncAPI gives the AsyncAPI 3 document of the protocol; it is not to be
// changed.
func AsyncAPI() []byte { return asyncAPI }
