package s3store

import (
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// keysOf are the places where keys are looked for.
func keysOf(o Options) credentials.Provider {
	if o.KeyID != "" {
		return &credentials.Static{Value: credentials.Value{
			AccessKeyID: o.KeyID, SecretAccessKey: o.SecretKey, SignerType: credentials.SignatureV4,
		}}
	}
	return &needed{credentials.Chain{Providers: []credentials.Provider{
		&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{},
	}}}
}

// needed are keys without which nothing is asked: the library would go on as a
// stranger, and be told that it has no right.
type needed struct{ credentials.Chain }

// RetrieveWithCredContext implements credentials.Provider.
func (n *needed) RetrieveWithCredContext(c *credentials.CredContext) (credentials.Value, error) {
	return found(n.Chain.RetrieveWithCredContext(c))
}

// Retrieve implements credentials.Provider.
func (n *needed) Retrieve() (credentials.Value, error) { return found(n.Chain.Retrieve()) }

func found(v credentials.Value, err error) (credentials.Value, error) {
	if err == nil && v.AccessKeyID == "" {
		err = ErrNoKeys
	}
	return v, err
}
