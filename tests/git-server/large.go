package main

import (
	"bufio"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
)

const (
	// Numbers of the repository that the project promises to fetch in little memory.
	largeFiles       = 20_000
	largeCommits     = 400
	largeHistoryMiB  = 200
	filesPerFolder   = 100
	largeManifestLen = 1200
)

// generateLarge makes a bare repository of 20,000 small manifests on main, below a history of
// 200 MB that does not compress. The content is the same at each run.
func generateLarge(dir string) error {
	if out, err := exec.Command("git", "init", "--quiet", "--bare", "--initial-branch=main", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("git init: %w: %s", err, out)
	}
	command := exec.Command("git", "-C", dir, "fast-import", "--quiet")
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	pipe, err := command.StdinPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	out := bufio.NewWriterSize(pipe, 1<<20)
	random := rand.New(rand.NewSource(1))
	for i := range largeCommits {
		writeCommit(out, i)
		// A file that each commit replaces: this is the history's weight.
		noise := make([]byte, largeHistoryMiB<<20/largeCommits)
		random.Read(noise)
		writeFile(out, "assets/noise.bin", noise)
		if i == 0 {
			for n := range largeFiles {
				writeFile(out, manifestPath(n), manifest(n, 0))
			}
		}
		for range 5 {
			n := random.Intn(largeFiles)
			writeFile(out, manifestPath(n), manifest(n, i))
		}
	}
	// The tip has no noise: what is fetched shallow is the 20,000 files.
	writeCommit(out, largeCommits)
	fmt.Fprint(out, "D assets/noise.bin\n\n")
	if err := out.Flush(); err != nil {
		return err
	}
	if err := pipe.Close(); err != nil {
		return err
	}
	return command.Wait()
}

func writeCommit(out *bufio.Writer, i int) {
	message := fmt.Sprintf("Change %d", i)
	fmt.Fprintf(out, "commit refs/heads/main\ncommitter A U Thor <author@example.com> %d +0000\n", 1_700_000_000+i*60)
	fmt.Fprintf(out, "data %d\n%s\n", len(message), message)
}

func writeFile(out *bufio.Writer, path string, content []byte) {
	fmt.Fprintf(out, "M 100644 inline %s\ndata %d\n", path, len(content))
	_, _ = out.Write(content)
	fmt.Fprint(out, "\n")
}

func manifestPath(n int) string {
	return fmt.Sprintf("apps/team-%03d/app-%05d.yaml", n/filesPerFolder, n)
}

func manifest(n, version int) []byte {
	text := fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app-%05d\n  namespace: team-%03d\ndata:\n  version: \"%d\"\n", n, n/filesPerFolder, version)
	random := rand.New(rand.NewSource(int64(n)))
	for line := 0; len(text) < largeManifestLen; line++ {
		text += fmt.Sprintf("  key-%02d: value-%016x\n", line, random.Uint64())
	}
	return []byte(text)
}
