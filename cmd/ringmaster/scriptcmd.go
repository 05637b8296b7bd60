package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"go.yaml.in/yaml/v3"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

// scriptCmd are the commands on scripts.
type scriptCmd struct {
	Apply   applyScriptCmd   `cmd:"" help:"Make scripts what files say; what differs becomes a new version and is published."`
	List    listScriptsCmd   `cmd:"" help:"List the versions in force."`
	Show    showScriptCmd    `cmd:"" help:"Show a script as a file, with its versions."`
	Publish publishScriptCmd `cmd:"" help:"Put an earlier version in force again."`
}

type applyScriptCmd struct {
	File   []string `arg:"" type:"existingfile" help:"Files (YAML), each with one script." placeholder:"FILE.yaml"`
	DryRun bool     `help:"Tell what would change, and change nothing."`
}

// Help shows an example.
func (applyScriptCmd) Help() string {
	return "Example: ringmaster script apply configs/scripts/win-back.yaml --dry-run\n" +
		"A campaign uses a script whose name is its setting script. Texts may use {{first_name|there}} and {{attr.plan}}."
}

// Run applies the files one after the other.
func (c *applyScriptCmd) Run(ctx context.Context, io streams, all *cli) error {
	var scripts []campaigns.Script
	for _, path := range c.File {
		var script campaigns.Script
		file, err := readTextFile(path, &script)
		if err != nil {
			return err
		}
		if err := script.Validate(); err != nil {
			return file.located(err)
		}
		scripts = append(scripts, script)
	}
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		for _, script := range scripts {
			changes, err := store.ApplyScript(ctx, script, c.DryRun)
			if err != nil {
				return err
			}
			for _, change := range changes {
				if _, err := fmt.Fprintf(io.out, "Script %q, %s: %s\n", script.Name, change.Language, told(change, c.DryRun)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// told says in words what a change did, or would do.
func told(change campaigns.Change, dry bool) string {
	would := ""
	if dry {
		would = "would be "
	}
	switch {
	case !change.Changed:
		return fmt.Sprintf("version %d says the same already.", change.Version)
	case change.Version == 0:
		return would + "withdrawn: the file has no such text."
	default:
		return fmt.Sprintf("version %d %spublished.", change.Version, would)
	}
}

type listScriptsCmd struct {
	JSON bool `help:"Print JSON."`
}

// Run lists the scripts.
func (c *listScriptsCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		scripts, err := store.Scripts(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(io, scripts)
		}
		w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "NAME\tLANGUAGE\tVERSION\tSECTIONS\tDISCLOSURES\tOBJECTIONS\tSINCE")
		for _, s := range scripts {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%s\n", s.Script, s.Language, s.Version,
				len(s.Text.Sections), len(s.Text.Disclosures), len(s.Text.Objections), s.CreatedAt.UTC().Format(time.DateTime))
		}
		return w.Flush()
	})
}

type showScriptCmd struct {
	Name string `arg:"" help:"Name of the script."`
	JSON bool   `help:"Print every version as JSON."`
}

// Run prints the texts in force as a file that can be applied.
func (c *showScriptCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		versions, err := store.ScriptVersions(ctx, c.Name)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(io, versions)
		}
		script, err := store.Script(ctx, c.Name)
		if err != nil {
			return err
		}
		for _, v := range versions {
			state := ""
			if v.Published {
				state = ", in force"
			}
			if _, err := fmt.Fprintf(io.out, "# %s version %d, %s%s\n", v.Language, v.Version, v.CreatedAt.UTC().Format(time.DateTime), state); err != nil {
				return err
			}
		}
		return printYAML(io, script)
	})
}

type publishScriptCmd struct {
	Name     string `arg:"" help:"Name of the script."`
	Language string `required:"true" help:"Language of the text."`
	Version  int    `required:"true" help:"Version to put in force."`
}

// Help shows an example.
func (publishScriptCmd) Help() string {
	return "Example: ringmaster script publish win-back --language en --version 3"
}

// Run publishes the version.
func (c *publishScriptCmd) Run(ctx context.Context, io streams, all *cli) error {
	return all.withStore(ctx, io, func(store *postgres.Store) error {
		if err := store.PublishScript(ctx, c.Name, c.Language, c.Version); err != nil {
			return err
		}
		_, err := fmt.Fprintf(io.out, "Script %q, %s: version %d is in force.\n", c.Name, c.Language, c.Version)
		return err
	})
}

func printJSON(io streams, v any) error {
	out := json.NewEncoder(io.out)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

func printYAML(io streams, v any) error {
	out := yaml.NewEncoder(io.out)
	out.SetIndent(2)
	if err := out.Encode(v); err != nil {
		return err
	}
	return out.Close()
}
