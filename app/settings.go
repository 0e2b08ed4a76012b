package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/joho/godotenv"

	"gatehouse/app/config"
)

// settings is the environment and, in development, what .env adds to it. Every line of .env has to be understood.
func settings() (func(string) string, error) {
	if os.Getenv("APP_ENV") == "production" {
		return os.Getenv, nil
	}
	text, err := os.ReadFile(".env")
	if errors.Is(err, os.ErrNotExist) {
		return os.Getenv, nil
	}
	if err != nil {
		return nil, fmt.Errorf("gatehouse does not start: .env: %w", err)
	}
	file, err := godotenv.Unmarshal(string(text))
	if err != nil { // the error quotes the file, secrets and all
		where := "a line"
		if n := config.BadLine(string(text)); n > 0 {
			where = fmt.Sprintf("line %d", n)
		}
		return nil, fmt.Errorf("gatehouse does not start: .env: %s is not NAME=value, or its quotes do not close", where)
	}
	var names []string
	for name := range file {
		names = append(names, name)
	}
	if err := config.CheckEnvFile(string(text), names); err != nil {
		return nil, fmt.Errorf("gatehouse does not start:\n%w", err)
	}
	return func(name string) string {
		if value, set := os.LookupEnv(name); set {
			return value
		}
		return file[name]
	}, nil
}
