package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/app/config"
)

// secretsOf is APP_SECRETS or, in development, one made once and kept.
func secretsOf(cfg config.Config) ([]string, error) {
	if len(cfg.Secrets) > 0 {
		return cfg.Secrets, nil
	}
	return keptSecret(filepath.Join(dataFolder(cfg), "secret"))
}

// dataFolder is where a development machine keeps what production is given: beside the database.
func dataFolder(cfg config.Config) string {
	if path, embedded := strings.CutPrefix(cfg.DatabaseURL, "sqlite://"); embedded {
		return filepath.Dir(path)
	}
	return "data"
}

// keptSecret reads the secret of a development machine, or makes it once.
func keptSecret(file string) ([]string, error) {
	if secret, err := os.ReadFile(file); err == nil {
		return []string{string(secret)}, nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("keep a secret: %w", err)
	}
	secret := rand.Text() + rand.Text()
	kept, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) { // another process was quicker
		return keptSecret(file)
	}
	if err != nil {
		return nil, fmt.Errorf("keep a secret: %w", err)
	}
	_, err = kept.WriteString(secret)
	if err := errors.Join(err, kept.Close()); err != nil {
		return nil, fmt.Errorf("keep a secret: %w", err)
	}
	return []string{secret}, nil
}
