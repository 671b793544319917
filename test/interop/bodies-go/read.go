// Reads one body a line as an API in Go does, and tells one a line what it read: JSON for encoding/json, with the argument `forms`
// forms for net/http.
package main

import (
	"bufio"
	"encoding/json"
	"os"
)

type line struct {
	N *int64 `json:"n,omitempty"`
}

type order struct {
	Amount *int64  `json:"amount,omitempty"`
	Note   *string `json:"note,omitempty"`
	To     *struct {
		Iban *string `json:"iban,omitempty"`
	} `json:"to,omitempty"`
	Lines *[]line `json:"lines,omitempty"`
}

func readOrder(body []byte) any {
	var read order
	if err := json.Unmarshal(body, &read); err != nil {
		return "refused"
	}
	return read
}

func main() {
	read := readOrder
	if len(os.Args) > 1 && os.Args[1] == "forms" {
		read = readForm
	}
	lines := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		out.Encode(read(lines.Bytes()))
	}
}
