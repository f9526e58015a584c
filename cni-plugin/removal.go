package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const (
	accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"
	askTime       = 3 * time.Second
)

// end takes the plugin out where the DaemonSet is being removed. A pod of it that ends for another reason (an update, a node
// that goes down) leaves the plugin in place: pods that start meanwhile wait for their policies all the same.
func (i *installer) end(log *slog.Logger, env func(string) string) int {
	if i.daemonSet == "" {
		return 0
	}
	address := "https://" + net.JoinHostPort(env("KUBERNETES_SERVICE_HOST"), env("KUBERNETES_SERVICE_PORT"))
	isRemoved, err := isRemoved(address, accountFolder, i.namespace, i.daemonSet)
	if err != nil {
		log.Warn("the plugin stays: whether it is being removed cannot be found out", "error", err.Error(), "remove", i.uninstallCommand())
		return 0
	}
	if !isRemoved {
		log.Info("the plugin stays: its DaemonSet does")
		return 0
	}
	told, err := i.uninstall(runtimeNotices)
	if err != nil {
		log.Error("the plugin cannot be taken out", "error", err.Error(), "remove", i.uninstallCommand())
		return 1
	}
	log.Info("the plugin was taken out with its DaemonSet", "done", told)
	return 0
}

// isRemoved asks the API server for the DaemonSet. An account that is gone, or that may not ask any more, goes with it.
func isRemoved(address, account, namespace, name string) (bool, error) {
	token, err := os.ReadFile(filepath.Join(account, "token"))
	if err != nil {
		return false, err
	}
	authority, err := os.ReadFile(filepath.Join(account, "ca.crt"))
	if err != nil {
		return false, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return false, errors.New("ca.crt holds no certificate")
	}
	client := http.Client{
		Timeout:   askTime,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
	}
	asked, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s/apis/apps/v1/namespaces/%s/daemonsets/%s", address, namespace, name), nil)
	if err != nil {
		return false, err
	}
	asked.Header.Set("Authorization", "Bearer "+string(token))
	asked.Header.Set("Accept", "application/json")
	answer, err := client.Do(asked)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusNotFound, http.StatusUnauthorized, http.StatusForbidden:
		return true, nil
	case http.StatusOK:
		var found struct {
			Metadata struct {
				DeletionTimestamp string `json:"deletionTimestamp"`
			} `json:"metadata"`
		}
		if err := json.NewDecoder(answer.Body).Decode(&found); err != nil {
			return false, err
		}
		return found.Metadata.DeletionTimestamp != "", nil
	}
	return false, fmt.Errorf("the API server answered %s", answer.Status)
}
