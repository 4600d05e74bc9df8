package oauth
import _ "github.com/coreos/go-oidc/v3/oidc"
