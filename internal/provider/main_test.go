package provider_test

import (
	"os"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
)

func TestMain(m *testing.M) { os.Exit(providertest.Main(m)) }
