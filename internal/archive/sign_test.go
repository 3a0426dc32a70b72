package archive

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/evidence"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
)

const signerName = "logs.example.com"

// newSigner makes a key.
func newSigner(t *testing.T, name string, algorithm ...string) *evidence.Signer {
	t.Helper()
	if len(algorithm) == 0 {
		algorithm = []string{"ed25519"}
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	simtest.OpenSSL(t, append([]string{"genpkey", "-out", file, "-algorithm"}, algorithm...)...)
	l, err := evidence.ParseLocation("file:" + file)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := evidence.Sources{}.Open(t.Context(), l, name)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// signing is a signed archive of a world.
type signing struct {
	*world
	sign    *Signing
	options SignedOptions
	// grow is how many more packages there are.
	grow int
}

func newSigning(t *testing.T) *signing {
	t.Helper()
	s := &signing{world: newWorld(t), sign: &Signing{Signer: newSigner(t, signerName), Options: evidence.Options{Timeout: time.Minute}}}
	key := s.sign.Signer.Key()
	s.options.Key = &key
	return s
}

func (s *signing) config(c *Config) {
	sign := *s.sign
	c.Sign = &sign
	unsealed(c)
}

// run applies, and keeps what a state keeps.
func (s *signing) run(changes ...func(*Config)) (*Report, error) {
	s.t.Helper()
	r, err := s.apply(func(c *Config) {
		s.config(c)
		for _, change := range changes {
			change(c)
		}
	})
	if r != nil {
		s.sign.Through = r.SignedThrough
	}
	return r, err
}

// mustRun wants no error, these warnings, and that the head is signed unless the
// first warning says otherwise.
func (s *signing) mustRun(warnings ...string) *Report {
	s.t.Helper()
	r, err := s.run()
	if err != nil {
		s.t.Fatal(err)
	}
	s.warned(r, warnings...)
	return r
}

func (s *signing) warned(r *Report, warnings ...string) {
	s.t.Helper()
	if len(r.Warnings) != len(warnings) {
		s.t.Errorf("warnings %q, want %d", r.Warnings, len(warnings))
		return
	}
	for i, want := range warnings {
		if text := r.Warnings[i].Summary + ": " + r.Warnings[i].Detail; !strings.Contains(text, want) {
			s.t.Errorf("warning %q, want %q", text, want)
		}
	}
}

// more adds a late package, so that the next run commits an entry.
func (s *signing) more() {
	s.grow++
	s.service.add(fmt.Sprintf("late%d.example.com", s.grow), "mainland", firstDay.Add(time.Hour), "{}\n")
}

// unsealed seals no day, so that late packages are archived.
func unsealed(c *Config) { c.Scope.RecheckDays = 365 }

func (s *signing) verified() *Verification {
	s.t.Helper()
	v, err := Verify(s.t.Context(), s.store.bucket(), VerifyOptions{Signed: s.options, Now: func() time.Time { return s.now }})
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

// problems wants these problems of a verification, each "kind path: detail".
func (s *signing) problems(want ...string) *Verification {
	s.t.Helper()
	v := s.verified()
	if len(v.Problems) != len(want) {
		s.t.Errorf("problems %+v, want %q", v.Problems, want)
		return v
	}
	for i, p := range v.Problems {
		if text := fmt.Sprintf("%s %s: %s", p.Kind, p.Path, p.Detail); !strings.Contains(text, want[i]) {
			s.t.Errorf("problem %q, want %q", text, want[i])
		}
	}
	return v
}

func (s *signing) authority() *simtest.Authority {
	s.t.Helper()
	a := simtest.StartAuthority(s.t)
	pool, err := evidence.ParseCA(a.CA())
	if err != nil {
		s.t.Fatal(err)
	}
	s.sign.Timestamp, s.options.Authorities = a.URL, pool
	return a
}

func (s *signing) witness() *simtest.Witness {
	s.t.Helper()
	w := simtest.StartWitness(s.t)
	key, err := evidence.ParseVerifierKey(w.Key)
	if err != nil {
		s.t.Fatal(err)
	}
	s.sign.Witnesses = []evidence.Witness{{URL: w.URL, Key: key}}
	s.options.Witnesses = []evidence.VerifierKey{key}
	return w
}

func TestARunSignsItsLastEntry(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	s.authority()
	w := s.witness()
	r := s.mustRun(`the witness does not know the log "` + signerName + "/")
	w.AddLog(signerName+"/"+s.archive, s.options.Key.String())
	if r.SignedThrough != r.Head.Sequence || r.Head.Sequence < 2 {
		t.Errorf("signed through %d of %d", r.SignedThrough, r.Head.Sequence)
	}
	if signed := s.store.find("/signed/"); len(signed) != 2 {
		t.Errorf("the run wrote %q", signed)
	}
	s.problems(fmt.Sprintf("unsigned .teo-archive/signed/%010d.note: the witness %s has not cosigned it", r.Head.Sequence, "witness.example.com/w1"))

	// Nothing is new: nothing is written, and nobody is asked.
	before := s.store.snapshot()
	s.mustRun()
	s.same(before)

	s.more()
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	v := s.problems()
	if v.Signed == nil || v.Signed.Sequence != v.Head.Sequence || v.Signed.At.IsZero() || len(v.Signed.Witnesses) != 1 {
		t.Errorf("signed %+v of head %+v", v.Signed, v.Head)
	}
	// From now on the witness wants a proof, also if the state does not know what it
	// has cosigned.
	for _, through := range []int64{v.Signed.Sequence, 0, 1} {
		s.more()
		s.sign.Through = through
		s.mustRun()
		v = s.problems()
	}
	if size := w.Size(signerName + "/" + s.archive); size != fmt.Sprint(v.Head.Sequence) {
		t.Errorf("the witness is at %s", size)
	}
}

// A head that is not signed yet, and a token that is missing, are made up for.
func TestTheNextRunMakesUpForWhatFailed(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	a := s.authority()
	a.Serve(func(w http.ResponseWriter, _ []byte) { w.WriteHeader(http.StatusServiceUnavailable) })
	r := s.mustRun("Head of the archive has no time-stamp token: Entry ")
	s.problems("has no time-stamp token")
	a.Serve(func(w http.ResponseWriter, _ []byte) { _, _ = w.Write(make([]byte, 60<<20)) })
	s.mustRun("the answer is longer than")
	a.Serve(nil)
	s.mustRun()
	s.problems()

	s.store.remove(noteOf(r.Head.Sequence), tokenOf(r.Head.Sequence))
	s.problems("unsigned " + SignedFolder + ": the archive has no valid signed head")
	s.mustRun()
	s.problems()
	if n := a.Count(); n != 4 {
		t.Errorf("%d requests for tokens", n)
	}
}

// Entries that another resource commits without a key, and those after a kill, are
// not covered.
func TestUnsignedEntriesAreReported(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	s.mustRun()
	o := s.other()
	o.mustApply(unsealed)
	s.more()
	r := o.mustApply(unsealed)
	// The other resource has joined, and archived a package.
	const uncovered = "unsigned .teo-archive/ledger/%010d.json: no signed head covers this entry; the newest one is that of entry"
	v := s.problems(fmt.Sprintf(uncovered, r.Head.Sequence-1), fmt.Sprintf(uncovered, r.Head.Sequence))
	if v.Signed == nil || v.Signed.Sequence != r.Head.Sequence-2 {
		t.Errorf("signed %+v of %d", v.Signed, r.Head.Sequence)
	}
	// Without the key nothing is compared.
	s.options = SignedOptions{}
	if v := s.problems(); v.Signed != nil {
		t.Errorf("signed %+v", v.Signed)
	}
}

// The ledger is cut off, or written again by somebody who has no key. The state is
// not asked: the signed head shows it.
func TestASignedHeadShowsAnotherHistory(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	s.mustRun()
	older := s.store.snapshot()
	s.more()
	r, err := s.run()
	if err != nil {
		t.Fatal(err)
	}
	newer := s.store.snapshot()

	rolledBack := maps2(older, newer, noteOf(r.Head.Sequence))
	s.store.restore(rolledBack)
	s.problems("the archive was rolled back")

	// Another history of the same length.
	o := s.other()
	s.store.restore(older)
	o.mustApply(unsealed)
	s.service.add("forged.example.com", "mainland", firstDay.Add(time.Hour), "{}\n")
	o.mustApply(unsealed)
	s.store.restore(maps2(s.store.snapshot(), newer, noteOf(r.Head.Sequence)))
	s.problems("unsigned", "unsigned", "unsigned", "signature "+noteOf(r.Head.Sequence)+": its tree is not that of the ledger")
}

// maps2 is a copy of objects with one of other objects.
func maps2(objects, other map[string]memoryObject, key string) map[string]memoryObject {
	objects[key] = other[key]
	return objects
}

// A roll-back that is accepted begins another history for the witness, which does not
// cosign one that lost entries. The notes of the former one remain.
func TestAnAcceptedRollBackBeginsAnotherHistory(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	w := s.witness()
	first := s.mustRun("the witness does not know the log")
	origin := signerName + "/" + s.archive
	w.AddLog(origin, s.options.Key.String())
	older := s.store.snapshot()
	s.more()
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	s.more()
	last, err := s.run()
	if err != nil {
		t.Fatal(err)
	}
	newer := s.store.snapshot()
	for _, key := range s.store.find("/signed/") {
		older[key] = newer[key]
	}
	s.store.restore(older)

	_, err = s.run()
	token := findings(t, err)[0].Token
	accepts := accept(token)
	w.AddLog(origin+"/2", s.options.Key.String())
	r, err := s.run(accepts)
	if err != nil {
		t.Fatal(err)
	}
	// The names of the former notes are taken.
	for r.Head.Sequence <= last.Head.Sequence {
		s.warned(r, "Head of the archive is not signed: Entry ")
		s.more()
		if r, err = s.run(accepts); err != nil {
			t.Fatal(err)
		}
	}
	s.warned(r)
	s.problems()
	if a, b := w.Size(origin), w.Size(origin+"/2"); a != fmt.Sprint(last.Head.Sequence) || b != fmt.Sprint(r.Head.Sequence) {
		t.Errorf("the witness is at %s and %s, after %d, %d and %d entries", a, b, first.Head.Sequence, last.Head.Sequence, r.Head.Sequence)
	}
}

// The witness sees a roll-back and a rewritten ledger even if the state was lost.
func TestAWitnessSeesWhatNoStateRemembers(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	w := s.witness()
	s.mustRun("the witness does not know the log")
	w.AddLog(signerName+"/"+s.archive, s.options.Key.String())
	older := s.store.snapshot()
	for range 3 {
		s.more()
		if _, err := s.run(); err != nil {
			t.Fatal(err)
		}
	}
	s.store.restore(older)
	s.world = s.other()
	s.sign.Through = 0
	const refused = "Witness has seen another history of the archive: The witness witness.example.com/w1 did not cosign entry"
	r := s.mustRun(refused)
	rolledBack := 0
	for strings.Contains(r.Warnings[0].Detail, "the log was rolled back") {
		rolledBack++
		s.more()
		r = s.mustRun(refused)
	}
	if rolledBack == 0 || !strings.Contains(r.Warnings[0].Detail, "the history of the log was rewritten") {
		t.Errorf("rolled back %d times, then %q", rolledBack, r.Warnings)
	}
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	s.mustRun()
	s.sign.Signer = newSigner(t, "new.example.com")
	key := s.sign.Signer.Key()
	s.mustRun("Head of the archive is not signed: Entry ") // by the former key
	s.options.Key = &key
	s.problems("it has no signature of the key new.example.com")
	s.more()
	r, err := s.run()
	if err != nil {
		t.Fatal(err)
	}
	s.warned(r)
	s.problems()
}

// Whatever somebody writes into the folder of signed heads is a problem, and no
// panic.
func TestPlantedNotesAreProblems(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	r := s.mustRun()
	head := r.Head.Sequence
	good, _ := s.store.get(noteOf(head))
	other := newSigner(t, signerName)
	forged, err := other.Sign(t.Context(), evidence.Checkpoint{Origin: signerName + "/" + s.archive, Size: head + 5})
	if err != nil {
		t.Fatal(err)
	}
	for what, test := range map[string]struct {
		sequence int64
		data     []byte
		want     []string
	}{
		"garbage":         {head, []byte("hello"), []string{"no valid signed head", "it is not a signed note"}},
		"nothing":         {head, nil, []string{"no valid signed head", "it is not a signed note"}},
		"large":           {head, make([]byte, evidence.MaxNoteBytes+1), []string{"no valid signed head", "it is not a signed note"}},
		"another number":  {head + 1, good.data, []string{fmt.Sprintf("it is the note of %d entries", head)}},
		"another key":     {head + 5, forged.Bytes, []string{"the key did not sign it"}},
		"another archive": {head, []byte(strings.Replace(string(good.data), s.archive, strings.Repeat("0", 32), 1)), []string{"no valid signed head", "is not that of this archive"}},
		"another name":    {head, []byte(strings.Replace(string(good.data), signerName+"/", "evil.example.com/", 1)), []string{"signature of the key " + signerName + " is not valid"}},
		"a later epoch":   {head, []byte(strings.Replace(string(good.data), s.archive, s.archive+"/2", 1)), []string{"no valid signed head", "its tree is not that of the ledger"}},
		"a strange epoch": {head, []byte(strings.Replace(string(good.data), s.archive, s.archive+"/02", 1)), []string{"no valid signed head", "is not that of this archive"}},
	} {
		before := s.store.snapshot()
		s.store.put(noteOf(test.sequence), test.data)
		t.Log(what)
		s.problems(test.want...)
		s.store.restore(before)
	}
	s.options.Authorities = x509.NewCertPool()
	s.store.put(tokenOf(head), []byte("hello"))
	s.problems("signature " + tokenOf(head) + ": the answer is not a time-stamp response in DER")
	s.store.put(tokenOf(head), make([]byte, evidence.MaxTokenBytes+1))
	s.problems("signature " + tokenOf(head) + ": it is larger than it should be")
}

// A run that is interrupted does not wait for authorities.
func TestAnInterruptedRunLeavesTheSignatureToTheNext(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	s.sign.Timestamp = server.URL
	ctx, cancel := context.WithCancel(t.Context())
	a := s.open(func(c *Config) {
		s.config(c)
		c.Progress = func(e Event) {
			if e.Kind == EventArchived {
				cancel()
			}
		}
	})
	r, err := a.Run(ctx, nil)
	if err == nil || r == nil || r.SignedThrough != 0 || asked {
		t.Fatalf("%v, signed through %+v, asked: %t", err, r, asked)
	}
	s.sign.Timestamp = ""
	s.mustRun()
	s.problems()
}

func TestALeaveAndADestroyOfASignedArchive(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	s.mustRun()
	if err := s.world.open(s.config).Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.problems()

	s = newSigning(t)
	s.mustRun()
	if _, err := s.world.open(s.config).Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := s.store.keys(); len(left) != 0 {
		t.Errorf("left are %q", left)
	}
}

// verifySh runs verify.sh with a key on a copy of the store.
func (s *signing) verifySh(key evidence.VerifierKey) (string, bool) {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "key.pem")
	if err := os.WriteFile(file, key.PEM(), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return s.world.verifySh("--key", file)
}

// The script computes the root by itself, at sizes with every shape of tree.
func TestVerifyShChecksTheSignedHead(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs verify.sh many times")
	}
	for kind, args := range map[string][]string{"Ed25519": {"ed25519"}, "P-256": {"EC", "-pkeyopt", "ec_paramgen_curve:P-256"}} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newSigning(t)
			s.sign.Signer = newSigner(t, signerName, args...)
			key := s.sign.Signer.Key()
			for range 5 {
				r := s.mustRun()
				if out, ok := s.verifySh(key); !ok || !strings.Contains(out, fmt.Sprintf("signed: entry %d, as %s/%s\n", r.Head.Sequence, signerName, s.archive)) {
					t.Fatalf("%d entries:\n%s", r.Head.Sequence, out)
				}
				s.more()
			}
		})
	}
}

func TestVerifyShFindsWhatIsNotSigned(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs verify.sh many times")
	}
	s := newSigning(t)
	s.mustRun()
	older := s.store.snapshot()
	s.more()
	r := s.mustRun()
	newer := s.store.snapshot()
	key := *s.options.Key
	check := func(what, want string, key evidence.VerifierKey) {
		t.Helper()
		if out, ok := s.verifySh(key); ok || !strings.Contains(out, want) {
			t.Errorf("%s: valid is %t, want %q:\n%s", what, ok, want, out)
		}
	}
	check("another key", "it has no valid signature of the key", newSigner(t, signerName).Key())

	s.store.remove(noteOf(r.Head.Sequence))
	check("entries without a signed head", fmt.Sprintf("Entry %d: no signed head covers it", r.Head.Sequence), key)

	s.store.restore(maps2(older, newer, noteOf(r.Head.Sequence)))
	check("rolled back", fmt.Sprintf("it signs %d entries, and the ledger has", r.Head.Sequence), key)

	s.store.restore(newer)
	note, _ := s.store.get(noteOf(r.Head.Sequence))
	lines := strings.SplitN(string(note.data), "\n", 4)
	lines[2] = strings.Repeat("A", 43) + "="
	s.store.put(noteOf(r.Head.Sequence), []byte(strings.Join(lines, "\n")))
	check("another root", "it is not the head of the first", key)
	s.store.put(noteOf(r.Head.Sequence), []byte("hello\n"))
	check("garbage", "it is not the signed head of this archive", key)
}
