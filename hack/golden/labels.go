package main

import (
	"sort"

	"google.golang.org/protobuf/encoding/protowire"
)

type field = protowire.Number

// Where the metadata of each message is.
const (
	tokenInRequest       field = 1
	integrationInRequest field = 1
	headerOfIntegration  field = 1
	metadataOfResource   field = 4
	labelsOfMetadata     field = 5
	keyOfMapEntry        field = 1
)

// sortLabels orders the labels of the metadata at path by key. Teleport's encoder writes maps in Go's random
// order, which protobuf leaves open: sorted, the same input gives the same file.
func sortLabels(message []byte, path []field) ([]byte, error) {
	if len(path) == 0 {
		return sortMap(message, labelsOfMetadata)
	}
	var out []byte
	for len(message) > 0 {
		number, kind, value, rest, err := next(message)
		if err != nil {
			return nil, err
		}
		if number == path[0] && kind == protowire.BytesType {
			content, _ := protowire.ConsumeBytes(value)
			if content, err = sortLabels(content, path[1:]); err != nil {
				return nil, err
			}
			value = protowire.AppendBytes(nil, content)
		}
		out = append(protowire.AppendTag(out, number, kind), value...)
		message = rest
	}
	return out, nil
}

// sortMap orders the entries of one map field by key, in the places where they stand.
func sortMap(message []byte, wanted field) ([]byte, error) {
	var fields, entries [][]byte
	var places []int
	for len(message) > 0 {
		number, _, _, rest, err := next(message)
		if err != nil {
			return nil, err
		}
		whole := message[:len(message)-len(rest)]
		if number == wanted {
			places = append(places, len(fields))
			entries = append(entries, whole)
		}
		fields = append(fields, whole)
		message = rest
	}
	sort.Slice(entries, func(i, j int) bool { return entryKey(entries[i]) < entryKey(entries[j]) })
	for i, place := range places {
		fields[place] = entries[i]
	}
	var out []byte
	for _, whole := range fields {
		out = append(out, whole...)
	}
	return out, nil
}

// entryKey is the string key of a map entry, of which whole is the tag, the length and the content.
func entryKey(whole []byte) string {
	_, _, value, _, err := next(whole)
	if err != nil {
		return ""
	}
	content, _ := protowire.ConsumeBytes(value)
	number, _, key, _, err := next(content)
	if err != nil || number != keyOfMapEntry {
		return ""
	}
	text, _ := protowire.ConsumeString(key)
	return text
}

// next splits off the first field of a message; value is undecoded, with its length where it has one.
func next(message []byte) (number field, kind protowire.Type, value, rest []byte, err error) {
	number, kind, tag := protowire.ConsumeTag(message)
	if tag < 0 {
		return 0, 0, nil, nil, protowire.ParseError(tag)
	}
	length := protowire.ConsumeFieldValue(number, kind, message[tag:])
	if length < 0 {
		return 0, 0, nil, nil, protowire.ParseError(length)
	}
	return number, kind, message[tag : tag+length], message[tag+length:], nil
}
