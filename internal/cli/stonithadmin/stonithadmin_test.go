package stonithadmin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
	"github.com/ringmaster-ha/ringmaster/stonithd/client"
	"github.com/ringmaster-ha/ringmaster/stonithd/fencertest"
)

// serve runs a fencer until the test ends and tells how to reach it.
func serve(t *testing.T) (*fencertest.Server, client.Options) {
	t.Helper()
	s := &fencertest.Server{}
	name := fmt.Sprintf("stonithadmin-%d-%s", os.Getpid(), t.Name())
	l, err := ipc.Listen(ipc.Options{Name: name, Handler: s, ShmDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, client.Options{Service: name, IPC: ipc.DialOptions{AnyServer: true}}
}

// agents is a folder with agents: fence_dummy and what is in scripts.
func agents(t *testing.T, scripts map[string]string) agent.Runner {
	t.Helper()
	dir := t.TempDir()
	scripts["fence_dummy"] = "exit 0"
	for name, s := range scripts {
		if err := os.WriteFile(dir+"/"+name, []byte("#!/bin/sh\n"+s+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	glue := dir + "/stonith"
	for _, d := range []string{dir + "/plugins/stonith2", dir + "/plugins/external"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]os.FileMode{glue: 0o755, dir + "/plugins/stonith2/external.so": 0o644, dir + "/plugins/stonith2/meatware.so": 0o644, dir + "/plugins/external/ssh": 0o755} {
		if err := os.WriteFile(name, []byte("#!/bin/sh\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	return agent.Runner{Dir: dir, Plugins: dir + "/plugins", Glue: glue}
}

// TestFencer repeats what the reference's tool was asked where a fencer runs, and what the
// two said.
func TestFencer(t *testing.T) {
	server, dial := serve(t)
	runner := agents(t, map[string]string{})
	for file, least := range map[string]int{"fencer.jsonl": 50, "cluster.jsonl": 80} {
		raw, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range strings.Lines(string(raw)) {
			var want fencertest.Run
			if err := json.Unmarshal([]byte(line), &want); err != nil {
				t.Fatal(err)
			}
			n++
			server.Next(want.Talk)
			got := want.Command
			var stdout, stderr bytes.Buffer
			got.Status = run(t.Context(), want.Args, &stdout, &stderr, &world{dial: dial, agent: runner, zone: time.UTC})
			got.Stdout, got.Stderr = stdout.String(), stderr.String()
			got.Compare(t, want.Command)
			for _, w := range server.Wrong() {
				t.Errorf("%s %q\n%s", file, want.Args, w)
			}
		}
		if n < least {
			t.Errorf("%s: only %d runs", file, n)
		}
	}
}

// TestAlone repeats what the reference's tool was asked where no fencer runs.
func TestAlone(t *testing.T) {
	runner := agents(t, map[string]string{})
	dial := client.Options{Service: fmt.Sprintf("none-%d", os.Getpid())}
	for _, want := range golden.Commands(t, "testdata/alone.jsonl") {
		got := want
		var stdout, stderr bytes.Buffer
		got.Status = run(t.Context(), want.Args, &stdout, &stderr, &world{dial: dial, agent: runner, zone: time.UTC})
		got.Stdout, got.Stderr = stdout.String(), stderr.String()
		got.Compare(t, want)
	}
}
