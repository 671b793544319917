package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
)

type sentBody struct {
	Type string `json:"type"`
	Body []byte `json:"body"`
}

type readFile struct {
	FileName  string `json:"filename"`
	MediaType string `json:"media_type"`
	Size      int    `json:"size"`
	Sha256    string `json:"sha256"`
}

// Reads a form as an API does with net/http: all values of each name.
func readForm(line []byte) any {
	var sent sentBody
	if err := json.Unmarshal(line, &sent); err != nil {
		panic(err)
	}
	request, err := http.NewRequest("POST", "http://api/", bytes.NewReader(sent.Body))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Content-Type", sent.Type)
	values := map[string][]any{}
	if !strings.HasPrefix(sent.Type, "multipart/") {
		if request.ParseForm() != nil {
			return "refused"
		}
		addAll(values, request.PostForm)
		return values
	}
	if request.ParseMultipartForm(1<<20) != nil {
		return "refused"
	}
	addAll(values, request.MultipartForm.Value)
	for name, files := range request.MultipartForm.File {
		for _, file := range files {
			values[name] = append(values[name], describe(file))
		}
	}
	return values
}

func addAll(values map[string][]any, given map[string][]string) {
	for name, texts := range given {
		for _, text := range texts {
			values[name] = append(values[name], text)
		}
	}
}

func describe(file *multipart.FileHeader) readFile {
	opened, err := file.Open()
	if err != nil {
		panic(err)
	}
	content, err := io.ReadAll(opened)
	if err != nil {
		panic(err)
	}
	digest := sha256.Sum256(content)
	return readFile{file.Filename, file.Header.Get("Content-Type"), len(content), hex.EncodeToString(digest[:])}
}
