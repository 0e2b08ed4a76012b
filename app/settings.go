package main

import (
	"errors"
	"os"

	"github.com/joho/godotenv"
)

// settings is the environment and, in development, what .env adds to it.
func settings() (func(string) string, error) {
	if os.Getenv("APP_ENV") == "production" {
		return os.Getenv, nil
	}
	file, err := godotenv.Read()
	if errors.Is(err, os.ErrNotExist) {
		return os.Getenv, nil
	}
	if err != nil {
		return nil, errors.New("gatehouse does not start: .env has a line that is not NAME=value") // the error quotes the file, secrets and all
	}
	return func(name string) string {
		if value, set := os.LookupEnv(name); set {
			return value
		}
		return file[name]
	}, nil
}
