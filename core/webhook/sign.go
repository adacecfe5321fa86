package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Headers of a call.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp" // Unix seconds of the try
	HeaderSignature = "Webhook-Signature" // one "v1,<base64>" for each secret, after spaces
)

const (
	secretPrefix = "whsec_"
	secretBytes  = 32
)

// NewSecret returns a secret of 256 random bits.
func NewSecret() string {
	key := make([]byte, secretBytes)
	_, _ = rand.Read(key) // never fails: the program ends instead
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// Sign returns the signature header of a try: HMAC-SHA256 over id, timestamp and
// body, once with every secret.
func Sign(secrets []string, id CallID, at time.Time, body []byte) (string, error) {
	var signatures []string
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
		if err != nil || len(key) == 0 {
			return "", fmt.Errorf("sign call %s: the secret of its webhook can't be read", id)
		}
		mac := hmac.New(sha256.New, key)
		_, _ = mac.Write([]byte(string(id) + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		_, _ = mac.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(signatures, " "), nil
}
