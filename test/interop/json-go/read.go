// Reads one body a line with encoding/json, as an API in Go does, and tells one a line what it read.
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

func main() {
	lines := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var read order
		if err := json.Unmarshal(lines.Bytes(), &read); err != nil {
			out.Encode("refused")
			continue
		}
		out.Encode(read)
	}
}
