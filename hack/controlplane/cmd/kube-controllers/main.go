// Command kube-controllers runs two of Kubernetes' own controllers beside an API server that has no
// controller manager: the garbage collector (owner references, foreground deletion) and the namespace
// controller (empties and finalises deleted namespaces). No pods, nodes or service accounts are handled.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/namespace"
)

const (
	workers = 4
	// discoveryPeriod is how soon the garbage collector notices a new CustomResourceDefinition.
	discoveryPeriod = 2 * time.Second
	// initialSync bounds the wait for the first lists; the collector starts afterwards all the same.
	initialSync = 10 * time.Second
	// resync is the period after which informers repeat every object, as in kube-controller-manager.
	resync = 12 * time.Hour
	// requests per second: far above what one sandbox needs, so that nothing waits on client throttling.
	qps, burst = 200, 400
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "kubeconfig of a cluster administrator")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *kubeconfig); err != nil {
		fmt.Fprintln(os.Stderr, "kube-controllers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig string) error {
	if kubeconfig == "" {
		return errors.New("--kubeconfig is required")
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("read kubeconfig: %w", err)
	}
	config.QPS, config.Burst = qps, burst
	clients, err := newClients(config)
	if err != nil {
		return err
	}
	return clients.runControllers(ctx)
}

type clients struct {
	typed    kubernetes.Interface
	metadata metadata.Interface
}

func newClients(config *rest.Config) (*clients, error) {
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make metadata client: %w", err)
	}
	return &clients{typed: typed, metadata: meta}, nil
}

func (c *clients) runControllers(ctx context.Context) error {
	typedInformers := informers.NewSharedInformerFactory(c.typed, resync)
	metadataInformers := metadatainformer.NewSharedInformerFactory(c.metadata, resync)
	started := make(chan struct{})
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(c.typed.Discovery()))

	collector, err := garbagecollector.NewGarbageCollector(
		ctx, c.typed, c.metadata, mapper, garbagecollector.DefaultIgnoredResources(),
		informerfactory.NewInformerFactory(typedInformers, metadataInformers), started)
	if err != nil {
		return fmt.Errorf("make garbage collector: %w", err)
	}
	namespaces := namespace.NewNamespaceController(
		ctx, c.typed, c.metadata, c.typed.Discovery().ServerPreferredNamespacedResources,
		typedInformers.Core().V1().Namespaces(), resync, corev1.FinalizerKubernetes)

	typedInformers.Start(ctx.Done())
	metadataInformers.Start(ctx.Done())
	close(started)

	var running sync.WaitGroup
	running.Go(func() { collector.Run(ctx, workers, initialSync) })
	running.Go(func() { collector.Sync(ctx, c.typed.Discovery(), discoveryPeriod) })
	running.Go(func() { namespaces.Run(ctx, workers) })
	running.Wait()
	return nil
}
