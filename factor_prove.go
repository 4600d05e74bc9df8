package authkit

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/authkit-dev/authkit/internal/device"
	"github.com/authkit-dev/authkit/internal/password"
	"github.com/authkit-dev/authkit/internal/token"
	"github.com/authkit-dev/authkit/internal/totp"
)

// factorUse is a second factor that was shown. The step that it goes into stores that it was used, so
// that of concurrent steps with the same code one wins.
type factorUse struct {
	method string
	amr    []string
	put    []Credential

	// left is how many recovery codes are left, where one was used.
	left int
}

// factorCode is a code that a person typed as a second factor.
type factorCode struct {
	app     App
	account *Account
	code    string
	class   class
	take    *Take // the token of the sign-in, which has tries of its own; nil: a session's code
	client  Client
}

// Limits of wrong codes. The day is in the key, so that the limits of a day give nothing back in it;
// the rate of one a day makes the number of tries exact.
var (
	limitFactorToken    = limit{"factor/token", codeTries, codeTries * mfaTTL}
	limitFactorUser     = limit{"factor/user", 20, 20 * 24 * time.Hour}
	limitFactorRecovery = limit{"factor/recovery", 10, 10 * 24 * time.Hour}
)

// prove checks a code, and counts the try first. Right ones are added to what the limit of a day lets
// through, so that only wrong ones count. [CodeInvalidToken] with [ReasonWrongCode].
func (f *factors) prove(ctx context.Context, c factorCode) (factorUse, error) {
	recovery, isRecovery := totp.ParseRecoveryCode(c.code)
	switch {
	case !isRecovery && !totp.IsCode(c.code):
		return factorUse{}, invalidToken("the code has not the form of one").with(reasonOfForm(c.code, formCode))
	case c.account.factors().totp == nil:
		return factorUse{}, invalidToken("the user has no TOTP")
	}
	if err := f.countTry(ctx, c, isRecovery); err != nil {
		return factorUse{}, err
	}
	var err error
	var use factorUse
	if isRecovery {
		use, err = f.proveRecovery(ctx, c, recovery)
	} else {
		use, err = f.proveTOTP(c)
	}
	if errors.Is(err, errWrongCode) {
		return factorUse{}, f.wrongCode(ctx, c)
	}
	return use, err
}

// wrongCode refuses a wrong code, and says how many tries the token has left.
func (f *factors) wrongCode(ctx context.Context, c factorCode) error {
	refusal := invalidToken("the code is wrong, of another time, or was used").with(ReasonWrongCode).about(c.account)
	if c.take == nil {
		refusal.uncounted = true
		return refusal
	}
	tried, _, err := f.tokens.try(ctx, c.app.ID, Try{Take: *c.take, Max: codeTries})
	if err != nil {
		return err
	}
	refusal.TriesLeft = max(codeTries-tried.Count, 0)
	return refusal
}

// countTry charges a try to the token of the sign-in, and to the day of the user, in one call.
// [CodeInvalidToken]: the token has no tries left. [CodeRateLimited]: the day has none.
func (f *factors) countTry(ctx context.Context, c factorCode, recovery bool) error {
	daily, err := f.countDay(c, recovery)
	if err != nil {
		return err
	}
	counts := []count{daily}
	if c.take != nil { // first, so that a token without tries costs the day nothing
		counts = []count{f.limits.countFor(limitFactorToken, token.Encode(c.take.Hash)), daily}
	}
	err = f.limits.hit(ctx, c.app, c.client.withDeferred(counts)...)
	if refusal, ok := errors.AsType[*Error](err); ok && refusal.exhausted.name == limitFactorToken.name {
		return invalidToken("the mfa_token has no tries left").with(ReasonSpent).about(c.account)
	}
	return err
}

// countDay is the count of a try for the day. Each class of clients, and recovery codes, have their
// own: a stranger who has the password does not lock the user out.
func (f *factors) countDay(c factorCode, recovery bool) (count, error) {
	day, held := f.now().Format(time.DateOnly), c.account.factors()
	of, uses := limitFactorUser, codeUses{}
	switch {
	case !recovery:
		data, err := f.openTOTP(*held.totp)
		if err != nil {
			return count{}, err
		}
		uses = data.Uses
	case held.recovery != nil:
		of, uses = limitFactorRecovery, readRecovery(*held.recovery).Uses
	default:
		of = limitFactorRecovery
	}
	daily := f.limits.countFor(of, day+" "+string(rune('0'+c.class))+" "+c.account.User.ID.String())
	daily.more = uses.on(day, c.class)
	return daily, nil
}

func (f *factors) proveTOTP(c factorCode) (factorUse, error) {
	held := c.account.factors().totp
	data, err := f.openTOTP(*held)
	if err != nil {
		return factorUse{}, err
	}
	if data, err = useTOTP(data, c.code, f.now(), c.class); err != nil {
		return factorUse{}, err
	}
	put := *held
	put.Data = f.totpCredential(c.app.ID, c.account.User.ID, data).Data
	return factorUse{method: methodTOTP, amr: []string{amrOTP}, put: []Credential{put}}, nil
}

// proveRecovery compares a recovery code with those that are left. One hash serves all of them, since
// they have one salt.
func (f *factors) proveRecovery(ctx context.Context, c factorCode, code string) (factorUse, error) {
	held := c.account.factors().recovery
	if held == nil {
		return factorUse{}, errWrongCode
	}
	data := readRecovery(*held)
	i, err := f.hasher.matchAny(ctx, gateAsker(c.app.ID, c.client), code, data.Hashes)
	switch {
	case err != nil:
		return factorUse{}, err
	case i < 0:
		return factorUse{}, errWrongCode
	}
	data.Hashes = slices.Delete(data.Hashes, i, i+1)
	data.Uses = data.Uses.with(f.now().Format(time.DateOnly), c.class)
	put := *held
	put.Data = plainJSON(data)
	return factorUse{method: methodRecovery, amr: []string{amrOTP}, put: []Credential{put}, left: len(data.Hashes)}, nil
}

// newRecovery makes a set of recovery codes for an account: the codes, which are shown once, and their
// credential. What was used today of the set that it replaces goes on to count.
func (f *factors) newRecovery(ctx context.Context, app App, account *Account, by Client) ([]string, Credential, error) {
	const most = 10
	now, user := f.now(), account.User.ID
	data, salt := recoveryData{ID: newID(now)}, password.Salt()
	if held := account.factors().recovery; held != nil {
		data.Uses = readRecovery(*held).Uses
	}
	codes := make([]string, most)
	for i := range codes {
		codes[i] = totp.NewRecoveryCode()
		hash, err := f.hasher.salted(ctx, gateAsker(app.ID, by), codes[i], salt)
		if err != nil {
			return nil, Credential{}, err
		}
		data.Hashes = append(data.Hashes, hash)
	}
	c := Credential{App: app.ID, UserID: user, Kind: recoveryKind, Subject: user.String(), Data: plainJSON(data), CreatedAt: now}
	return codes, c, nil
}

// classOf is the class of a client that shows a second factor for an account: a device that is known to
// the account, or a stranger.
func (f *factors) classOf(u User, text string) class {
	d, ok := device.Find(f.ring, u.App, u.Email, text, f.now())
	if ok && d.Knows(f.ring, deviceUser(u)) {
		return classDevice
	}
	return classStranger
}
