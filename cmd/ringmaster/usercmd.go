package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/term"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

// userCmd are the commands on users.
type userCmd struct {
	Add      addUserCmd   `cmd:"" help:"Add an agent, supervisor or admin."`
	List     listUsersCmd `cmd:"" help:"List users."`
	Password passwordCmd  `cmd:"" help:"Set a user's password, read from the terminal or standard input."`
	Link     linkCmd      `cmd:"" help:"Make a one-time sign-in link."`
}

type addUserCmd struct {
	Name        string   `arg:"" help:"Sign-in name."`
	DisplayName string   `help:"Name shown on screens. Default: the sign-in name."`
	Role        string   `enum:"agent,supervisor,admin" default:"agent" help:"agent, supervisor or admin."`
	Phone       string   `help:"SIP URI of the agent's phone." placeholder:"sip:NAME@HOST:PORT"`
	PhoneMode   string   `enum:"nailed,per_call" default:"nailed" help:"nailed: off-hook for the shift. per_call: rung for each inbound or manual call."`
	Campaign    []string `help:"Campaign the agent works for; may be repeated. Default: all." placeholder:"NAME"`
	Queue       []string `help:"Inbound queue the agent takes; may be repeated. Default: all." placeholder:"NAME"`
	Language    []string `help:"Language the agent speaks; may be repeated." placeholder:"xx"`
}

// Help shows an example.
func (addUserCmd) Help() string {
	return "Example: ringmaster user add ann --phone sip:ann@192.0.2.7:5060 --campaign winback"
}

// Run adds the user.
func (c *addUserCmd) Run(ctx context.Context, io streams, all *cli) error {
	if c.Role == string(campaigns.RoleAgent) && !strings.HasPrefix(c.Phone, "sip:") {
		return errors.New("--phone: an agent needs the SIP URI of a phone, such as sip:ann@192.0.2.7:5060")
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		user := campaigns.User{
			Name: c.Name, DisplayName: c.DisplayName, Role: campaigns.Role(c.Role), Phone: c.Phone,
			PhoneMode: campaigns.PhoneMode(c.PhoneMode), Queues: c.Queue, Languages: c.Language,
		}
		for _, name := range c.Campaign {
			found, err := store.CampaignByName(ctx, name)
			if err != nil {
				return fmt.Errorf("--campaign: %w", err)
			}
			user.CampaignIDs = append(user.CampaignIDs, found.ID)
		}
		made, err := store.CreateUser(ctx, user, "")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "%s %q added. Next: ringmaster user password %s\n", c.Role, made.Name, made.Name)
		return err
	})
}

type listUsersCmd struct{}

// Run lists the users.
func (listUsersCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		users, err := store.Users(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "NAME\tROLE\tPHONE\tMODE")
		for _, u := range users {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", u.Name, u.Role, u.Phone, u.PhoneMode)
		}
		return w.Flush()
	})
}

type passwordCmd struct {
	Name string `arg:"" help:"Sign-in name."`
}

// Help shows an example.
func (passwordCmd) Help() string {
	return "Example: ringmaster user password ann < password-file"
}

// Run sets the password; it never comes from the command line.
func (c *passwordCmd) Run(ctx context.Context, io streams, all *cli) error {
	password, err := readPassword(io)
	if err != nil {
		return err
	}
	const least = 12
	if len(password) < least {
		return fmt.Errorf("the password has %d characters, at least %d are needed", len(password), least)
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		user, _, err := store.UserByName(ctx, c.Name)
		if err != nil {
			return err
		}
		hash, err := argon2id.CreateHash(password, argon2id.DefaultParams)
		if err != nil {
			return fmt.Errorf("password hash: %w", err)
		}
		if err := store.SetPasswordHash(ctx, user.ID, hash); err != nil {
			return err
		}
		_, err = fmt.Fprintf(io.out, "Password of %q set.\n", user.Name)
		return err
	})
}

func readPassword(io streams) (string, error) {
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		_, _ = fmt.Fprint(io.err, "New password: ")
		password, err := term.ReadPassword(fd)
		_, _ = fmt.Fprintln(io.err)
		return string(password), err
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line != "" {
		err = nil
	}
	return line, err
}

type linkCmd struct {
	Name string        `arg:"" help:"Sign-in name."`
	For  time.Duration `default:"15m" help:"How long the link stays good."`
}

// Run prints a link that signs the user in once.
func (c *linkCmd) Run(ctx context.Context, io streams, all *cli) error {
	cfg, err := all.load(io)
	if err != nil {
		return err
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		user, _, err := store.UserByName(ctx, c.Name)
		if err != nil {
			return err
		}
		link, err := signInLink(ctx, store, cfg.HTTP.PublicURL, user.ID, c.For)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(io.out, link)
		return err
	})
}

// signInLink stores a fresh token for the user and gives its URL.
func signInLink(ctx context.Context, store *postgres.Store, base string, userID int64, good time.Duration) (string, error) {
	token := rand.Text()
	if err := store.AddSignInLink(ctx, userID, token, time.Now().Add(good)); err != nil {
		return "", err
	}
	return strings.TrimRight(base, "/") + "/sign-in?token=" + token, nil
}
