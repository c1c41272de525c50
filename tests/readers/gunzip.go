// The first member of a gzip file, to stdout: what Go's reader gives that was told to read one.
package main

import (
	"compress/gzip"
	"io"
	"log"
	"os"
)

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	reader, err := gzip.NewReader(file)
	if err != nil {
		log.Fatal(err)
	}
	reader.Multistream(false)
	if _, err := io.Copy(os.Stdout, reader); err != nil {
		log.Fatal(err)
	}
}
