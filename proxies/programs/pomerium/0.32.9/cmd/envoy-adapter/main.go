// Command envoy-adapter lets an unmodified Pomerium run on a stock Envoy.
//
// Pomerium's listeners set three filter-state objects (pomerium.extensions.ssh.*) for which only its own build of Envoy has a
// factory; a stock Envoy refuses the whole listener ("does not have an object factory"). Pomerium starts this program in Envoy's
// place. It starts the real Envoy with the same arguments and stands between it and Pomerium's control plane: every gRPC stream
// passes through byte for byte, except that these objects are given the factory "envoy.string". They are read by Pomerium's SSH
// tunnels only, which the suite does not use.
//
// The real Envoy is /usr/local/bin/envoy, or what CONFORMANCE_ENVOY names.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

const (
	defaultEnvoy        = "/usr/local/bin/envoy"
	controlPlaneCluster = "pomerium-control-plane-grpc"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "envoy-adapter:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func run(arguments []string) (int, error) {
	envoy := os.Getenv("CONFORMANCE_ENVOY")
	if envoy == "" {
		envoy = defaultEnvoy
	}
	position := bootstrapArgument(arguments)
	if position < 0 {
		// Pomerium also asks for `--version`: nothing to adapt.
		return start(envoy, arguments)
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("listen for Envoy: %w", err)
	}
	original := arguments[position]
	bootstrap, err := os.ReadFile(original)
	if err != nil {
		return 0, fmt.Errorf("read Pomerium's bootstrap file: %w", err)
	}
	adapted, controlPlane, err := redirectControlPlane(bootstrap, listener.Addr().(*net.TCPAddr))
	if err != nil {
		return 0, fmt.Errorf("bootstrap file %s: %w", original, err)
	}
	// Beside the original: Pomerium's own writable folder. The process id keeps a hot restart's two files apart.
	file := filepath.Join(filepath.Dir(original), fmt.Sprintf("envoy-adapter-%d.json", os.Getpid()))
	if err := os.WriteFile(file, adapted, 0o600); err != nil {
		return 0, fmt.Errorf("write the adapted bootstrap file: %w", err)
	}
	defer os.Remove(file)

	server, err := newProxy(controlPlane)
	if err != nil {
		return 0, err
	}
	go func() {
		if err := server.Serve(listener); err != nil {
			fmt.Fprintln(os.Stderr, "envoy-adapter:", err)
		}
	}()
	defer server.Stop()

	adaptedArguments := append([]string(nil), arguments...)
	adaptedArguments[position] = file
	return start(envoy, adaptedArguments)
}

// bootstrapArgument is the index of the value of `-c`, or -1.
func bootstrapArgument(arguments []string) int {
	for i, argument := range arguments {
		if (argument == "-c" || argument == "--config-path") && i+1 < len(arguments) {
			return i + 1
		}
	}
	return -1
}

// start runs Envoy to its end and hands on every signal that Pomerium sends to the program it believes to be Envoy.
func start(envoy string, arguments []string) (int, error) {
	command := exec.Command(envoy, arguments...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}

	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1)
	if err := command.Start(); err != nil {
		return 0, fmt.Errorf("start Envoy: %w", err)
	}
	go func() {
		for received := range signals {
			_ = command.Process.Signal(received)
		}
	}()

	err := command.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return 128 + int(status.Signal()), nil
		}
		return exit.ExitCode(), nil
	}
	return 0, err
}
