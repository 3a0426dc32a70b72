package logarchive_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const verificationName = "data.teo_log_archive_verification.test"

// signingKey makes an Ed25519 key in a file.
func signingKey(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key.pem")
	simtest.OpenSSL(t, "genpkey", "-algorithm", "ed25519", "-out", file)
	return file
}

// signedBlock is a signed archive of May 1 and 2, and its verification.
func signedBlock(dir string, lines ...string) string {
	return archiveBlock(fileURL(dir), "2022-05-03", lines...) + `
data "teo_log_archive_verification" "test" {
  destination  = teo_l7_log_archive.test.destination
  public_key   = teo_l7_log_archive.test.public_key
  depends_on   = [teo_l7_log_archive.test]
}
`
}

func TestEachEntryIsSignedTimedAndWitnessed(t *testing.T) {
	t.Parallel()
	sim, dir := archiveSim(t), t.TempDir()
	authority, witness := simtest.StartAuthority(t), simtest.StartWitness(t)
	key := signingKey(t)
	signing := []string{
		fmt.Sprintf("signing_key = %q", "file:"+key), `signing_name = "logs.example.com"`, fmt.Sprintf("timestamp_url = %q", authority.URL),
		fmt.Sprintf("witnesses = [{ url = %q, public_key = %q }]", witness.URL, witness.Key),
	}
	verification := fmt.Sprintf(`
data "teo_log_archive_verification" "test" {
  destination  = teo_l7_log_archive.test.destination
  public_key   = teo_l7_log_archive.test.public_key
  timestamp_ca = %q
  witness_keys = [%q]
  depends_on   = [teo_l7_log_archive.test]
}
`, authority.CA(), witness.Key)
	config := func(end string) string {
		return providertest.ProviderBlock(sim) + archiveBlock(fileURL(dir), end, signing...) + verification
	}
	// The witness must know the archive before its second run.
	introduce := func(s *terraform.State) error {
		a := s.RootModule().Resources[archiveName].Primary.Attributes
		witness.AddLog("logs.example.com/"+a["archive_id"], a["public_key"])
		return nil
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config: config("2022-05-03"),
				Check:  introduce,
				ConfigStateChecks: []statecheck.StateCheck{
					expectArchive("public_key", knownvalue.StringRegexp(providertest.Says("logs.example.com+"))),
					statecheck.ExpectKnownValue(verificationName, tfjsonpath.New("valid"), knownvalue.Bool(false)),
				},
			},
			{
				Config:           config("2022-05-04"),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(archiveName, plancheck.ResourceActionUpdate)}},
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(verificationName, tfjsonpath.New("valid"), knownvalue.Bool(true)),
					statecheck.ExpectKnownValue(verificationName, tfjsonpath.New("signed").AtMapKey("witnesses"), knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("witness.example.com/w1")})),
					statecheck.ExpectKnownValue(verificationName, tfjsonpath.New("signed").AtMapKey("signed_at"), knownvalue.NotNull()),
					statecheck.CompareValuePairs(verificationName, tfjsonpath.New("signed").AtMapKey("sequence"), archiveName, tfjsonpath.New("signed_through"), compare.ValuesSame()),
					statecheck.CompareValuePairs(archiveName, tfjsonpath.New("head").AtMapKey("sequence"), archiveName, tfjsonpath.New("signed_through"), compare.ValuesSame()),
				},
			},
		},
	})
	for name, text := range files(t, dir) {
		if strings.Contains(text, "PRIVATE KEY") {
			t.Errorf("%s has the key", name)
		}
		if strings.HasPrefix(name, ".teo-archive/ledger/") && !strings.Contains(text, `"actor": "qcs::cam::uin/100000000001:uin/100000000001"`) {
			t.Errorf("%s does not name its writer", name)
		}
	}
}

// Neither a state nor an error nor a log has the key.
func TestASigningKeyStaysWhereItIs(t *testing.T) {
	t.Parallel()
	sim, dir, key := archiveSim(t), t.TempDir(), signingKey(t)
	private, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.Split(string(private), "\n")[1]
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(dir), "2022-05-03", `signing_key = "env:TEST_SIGNING_KEY"`, `signing_name = "logs.example.com"`))
	logFile := filepath.Join(t.TempDir(), "log")
	w.Env = append(w.Env, "TF_LOG=TRACE", "TF_LOG_PATH="+logFile)

	// Without the key nothing is downloaded, and the error says where it should be.
	said := w.Refused("Error: Unable to open the signing key")
	if !strings.Contains(said, `The environment variable "TEST_SIGNING_KEY": it is not set`) {
		t.Errorf("the error does not say where the key should be:\n%s", said)
	}
	if n := len(sim.Downloads()); n != 0 {
		t.Errorf("%d packages were downloaded", n)
	}
	w.Env = append(w.Env, "TEST_SIGNING_KEY="+string(private))
	w.Apply()
	if len(sim.Downloads()) == 0 {
		t.Error("nothing was downloaded")
	}
	state := map[string]string{"the state": w.File("terraform.tfstate")}
	for _, place := range []map[string]string{state, files(t, filepath.Dir(logFile)), files(t, dir)} {
		for name, text := range place {
			if strings.Contains(text, secret) {
				t.Errorf("%s has the key", name)
			}
		}
	}
	w.Unchanged()
}

func TestAKeyOfKMSSigns(t *testing.T) {
	t.Parallel()
	sim, dir := archiveSim(t), t.TempDir()
	config := func(key string) string {
		return providertest.ProviderBlock(sim) + signedBlock(dir, fmt.Sprintf("signing_key = %q", key), `signing_name = "logs.example.com"`)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{}),
		Steps: []resource.TestStep{
			{
				Config:      config("kms:ap-beijing/" + teosim.DefaultKMSKeyID),
				ExpectError: providertest.Says("The KMS key "+teosim.DefaultKMSKeyID+" in ap-beijing", "ResourceUnavailable.CmkNotFound", "Check region and ID of the KMS key"),
			},
			{
				Config: config("kms:" + teosim.DefaultKMSRegion + "/" + teosim.DefaultKMSKeyID),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(verificationName, tfjsonpath.New("valid"), knownvalue.Bool(true)),
					statecheck.ExpectKnownValue(verificationName, tfjsonpath.New("signed").AtMapKey("signed_at"), knownvalue.Null()),
				},
			},
		},
	})
}

// An archive that was not signed is signed by the next apply, and an authority that
// fails is a warning.
func TestAnUnsignedArchiveIsSignedByTheNextApply(t *testing.T) {
	t.Parallel()
	sim, dir, key := archiveSim(t), t.TempDir(), signingKey(t)
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(dir), "2022-05-03"))
	w.Apply()
	sign := []string{fmt.Sprintf("signing_key = %q", "file:"+key), `signing_name = "logs.example.com"`}
	w.Write(providertest.ProviderBlock(sim) + archiveBlock(fileURL(dir), "2022-05-03", append(sign, `timestamp_url = "http://127.0.0.1:1/"`)...))
	if _, changes := w.Plan(); !changes {
		t.Fatal("a plan does not see that the head is not signed")
	}
	stdout, stderr, err := w.Run("apply", "-auto-approve", "-input=false", "-no-color")
	if err != nil || !strings.Contains(stdout+stderr, "Head of the archive has no time-stamp token") {
		t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
	}
	w.Unchanged()

	// A head that is not signed any more is signed again.
	before := files(t, filepath.Join(dir, ".teo-archive", "signed"))
	if len(before) != 1 {
		t.Errorf("signed are %d heads", len(before))
	}
	// Without the key, what is signed remains.
	w.Write(providertest.ProviderBlock(sim) + archiveBlock(fileURL(dir), "2022-05-03"))
	w.Apply()
	w.Unchanged()
	for name, text := range files(t, filepath.Join(dir, ".teo-archive", "signed")) {
		if !bytes.Equal([]byte(text), []byte(before[name])) {
			t.Errorf("%s has changed", name)
		}
	}
}

func TestWrongArgumentsForSigningAreErrors(t *testing.T) {
	t.Parallel()
	const (
		log     = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
		witness = "witness.navigli.sunlight.geomys.org+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G"
	)
	const signs = "signing_key = \"env:A\"\n signing_name = \"logs.example.com\"\n "
	archive := func(lines string) string {
		return "provider \"teo\" {}\n" + archiveBlock("file:///nowhere", "2022-05-03", lines)
	}
	verification := func(line string) string {
		return "provider \"teo\" {}\ndata \"teo_log_archive_verification\" \"test\" {\n destination = \"file:///nowhere\"\n " + line + "\n}\n"
	}
	var steps []resource.TestStep
	for _, test := range []struct {
		config string
		want   []string
	}{
		{archive(`signing_key = "-----BEGIN PRIVATE KEY-----"`), []string{"Invalid place of a signing key", "it must say where the key is, not be the key"}},
		{archive(`signing_key = "env:A"`), []string{"Signing key without a name"}},
		{archive(`signing_name = "logs.example.com"`), []string{"Nothing is signed", "signing_name has no effect without signing_key"}},
		{archive(`timestamp_url = "https://tsa.example.com"`), []string{"timestamp_url has no effect without signing_key"}},
		{archive("signing_key = \"env:A\"\n signing_name = \"a b\""), []string{"Invalid name of a key"}},
		{archive(signs + `timestamp_url = "tsa.example.com"`), []string{"Invalid URL of an authority"}},
		{archive(signs + `witnesses = [{ url = "http://w.example.com", public_key = "` + witness + `" }]`), []string{"Invalid URL of a witness", "plain http"}},
		{archive(signs + `witnesses = [{ url = "https://w.example.com", public_key = "` + log + `" }]`), []string{"Invalid key of a witness", "is the key of a log"}},
		{archive(signs + `witnesses = [for u in ["https://a.example.com", "https://b.example.com"] : { url = u, public_key = "` + witness + `" }]`), []string{"Witness is given twice"}},
		{archive("signing_key = \"kms:ap-guangzhou/a-1\"\n signing_name = \"logs.example.com\"\n witnesses = [{ url = \"https://w.example.com\", public_key = \"" + witness + "\" }]"), []string{"Witnesses need an Ed25519 key"}},
		{verification(`public_key = "x"`), []string{"Invalid public key", "A verifier key is"}},
		{verification(`public_key = "` + witness + `"`), []string{"is the key of a witness"}},
		{verification(`witness_keys = ["` + log + `"]`), []string{"Invalid key of a witness"}},
		{verification(`timestamp_ca = "x"`), []string{"Invalid CA certificates", "it holds no certificate in PEM"}},
	} {
		steps = append(steps, resource.TestStep{Config: test.config, PlanOnly: true, ExpectError: providertest.Says(test.want...)})
	}
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: providertest.Factories(t, provider.Options{Getenv: providertest.Environment(nil)}), Steps: steps})
}
