// Command template renders a corpus of expressions through the real text/template and the real Sprig.
//
// It reads {"datasets": {...}, "cases": [{"template", "data"}]} from standard input and writes one result per case to standard
// output. With -bench it prints how long parsing and rendering takes instead.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"syscall"
	"text/template"
	"text/template/parse"

	"github.com/Masterminds/sprig/v3"
)

type testCase struct {
	Template string `json:"template"`
	Data     string `json:"data"`
}

type corpus struct {
	Functions []string                  `json:"functions"`
	Datasets  map[string]map[string]any `json:"datasets"`
	Cases     []testCase                `json:"cases"`
}

type result struct {
	Output string `json:"output"`
	Error  string `json:"error,omitempty"`
	Single bool   `json:"single"`
}

func storageRef(value any) (string, bool) {
	object, ok := value.(map[string]any)
	if !ok {
		return "", false
	}
	ref, ok := object["$bubuStorageRef"].(string)
	if !ok || strings.TrimSpace(ref) == "" {
		return "", false
	}
	path, _ := object["$bubuStoragePath"].(string)
	if path != "" && !strings.HasPrefix(path, ".") && !strings.HasPrefix(path, "[") {
		path = "." + path
	}
	return ref + path, true
}

func needsHydration(operation string, value any) error {
	if ref, ok := storageRef(value); ok {
		return fmt.Errorf("offloaded data usage detected: %s requires hydrated data for %s", operation, ref)
	}
	return nil
}

// The functions that are not part of Sprig, as the dialect describes them.
var own = template.FuncMap{
	"len": func(value any) (int, error) {
		if err := needsHydration("len", value); err != nil {
			return 0, err
		}
		switch typed := value.(type) {
		case nil:
			return 0, nil
		case string:
			return len(typed), nil
		case []any:
			return len(typed), nil
		case []string:
			return len(typed), nil
		case map[string]any:
			return len(typed), nil
		case map[string]string:
			return len(typed), nil
		}
		return 0, fmt.Errorf("len: unsupported argument type %T", value)
	},
	"hash_of": func(value any) (string, error) {
		if value == nil {
			return "", fmt.Errorf("hash_of: value is null")
		}
		if err := needsHydration("hash_of", value); err != nil {
			return "", err
		}
		text, ok := value.(string)
		if !ok {
			return "", fmt.Errorf("hash_of: unsupported argument type %T", value)
		}
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:]), nil
	},
	"type_of": func(value any) string {
		if ref, ok := storageRef(value); ok {
			return "offloaded(" + ref + ")"
		}
		switch value.(type) {
		case nil:
			return "null"
		case string:
			return "string"
		case bool:
			return "bool"
		case float64, int, int64, uint8, uint64:
			return "number"
		case []any, []string:
			return "array"
		}
		return "object"
	},
	"exists": func(value any) bool { return value != nil },
	"sample": func(value any) (any, error) { return value, needsHydration("sample", value) },
}

func functions(names []string) template.FuncMap {
	all := sprig.TxtFuncMap()
	chosen := template.FuncMap{}
	for _, name := range names {
		if function, ok := own[name]; ok {
			chosen[name] = function
		} else if function, ok := all[name]; ok {
			chosen[name] = function
		}
	}
	return chosen
}

func compile(text string, funcs template.FuncMap) (*template.Template, error) {
	return template.New("bubu").Funcs(funcs).Option("missingkey=zero").Parse(text)
}

func isSingle(text string) bool {
	trimmed := strings.TrimSpace(text)
	if !strings.HasPrefix(trimmed, "{{") || !strings.HasSuffix(trimmed, "}}") {
		return false
	}
	parsed, err := template.New("check").Parse(trimmed)
	if err != nil || parsed.Tree == nil || parsed.Root == nil || len(parsed.Root.Nodes) != 1 {
		return false
	}
	_, ok := parsed.Root.Nodes[0].(*parse.ActionNode)
	return ok
}

func render(test testCase, data map[string]any, funcs template.FuncMap) result {
	out := result{Single: isSingle(test.Template)}
	parsed, err := compile(test.Template, funcs)
	if err != nil {
		out.Error = err.Error()
		return out
	}
	var buffer bytes.Buffer
	if err := parsed.Execute(&buffer, data); err != nil {
		out.Error = err.Error()
		return out
	}
	out.Output = buffer.String()
	return out
}

// cpuNanoseconds is the processor time that the program has used, collector included.
func cpuNanoseconds() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func bench(given corpus, funcs template.FuncMap, rounds int) error {
	type ready struct {
		parsed *template.Template
		data   map[string]any
	}
	var all []ready
	started := cpuNanoseconds()
	for range rounds {
		all = all[:0]
		for _, test := range given.Cases {
			parsed, err := compile(test.Template, funcs)
			if err != nil {
				return err
			}
			all = append(all, ready{parsed, given.Datasets[test.Data]})
		}
	}
	cold := cpuNanoseconds() - started
	var buffer bytes.Buffer
	started = cpuNanoseconds()
	for range rounds {
		for _, one := range all {
			buffer.Reset()
			if err := one.parsed.Execute(&buffer, one.data); err != nil {
				return err
			}
		}
	}
	warm := cpuNanoseconds() - started
	count := float64(rounds * len(given.Cases))
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"parseNanoseconds":  float64(cold) / count,
		"renderNanoseconds": float64(warm) / count,
	})
}

func run() error {
	rounds := flag.Int("bench", 0, "measure with this many rounds over the corpus")
	flag.Parse()
	var given corpus
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	funcs := functions(given.Functions)
	if *rounds > 0 {
		return bench(given, funcs, *rounds)
	}
	results := make([]result, len(given.Cases))
	for index, test := range given.Cases {
		data, ok := given.Datasets[test.Data]
		if !ok {
			return fmt.Errorf("case %d: no data set %q", index, test.Data)
		}
		results[index] = render(test, data, funcs)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(results)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
