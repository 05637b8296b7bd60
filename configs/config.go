package configs

import (
	"log/slog"
	"net/netip"
	"time"
)

// Config is everything that an installation may set. The koanf tags are the
// keys; example.yaml documents each for its reader.
type Config struct {
	// Node names this process among the nodes of the installation.
	Node string `koanf:"node"`
	// Roles are what this process does.
	Roles      []Role     `koanf:"roles"`
	Database   Database   `koanf:"database"`
	Redis      Redis      `koanf:"redis"`
	Clock      Clock      `koanf:"clock"`
	HTTP       HTTP       `koanf:"http"`
	SIP        SIP        `koanf:"sip"`
	Media      Media      `koanf:"media"`
	Trunks     []Trunk    `koanf:"trunks"`
	Inbound    []Inbound  `koanf:"inbound"`
	Limits     Limits     `koanf:"limits"`
	Agents     Agents     `koanf:"agents"`
	Phone      Phone      `koanf:"phone"`
	Secrets    Secrets    `koanf:"secrets"`
	Log        Log        `koanf:"log"`
	Metrics    Metrics    `koanf:"metrics"`
	SafeHarbor SafeHarbor `koanf:"safe_harbor"`
	Calling    Calling    `koanf:"calling"`
}

// Role is a part of Ringmaster that a process runs.
type Role string

// The roles. One process runs all of them by default.
const (
	RoleEngine Role = "engine" // selects candidates into the hopper, recycles, reconciles
	RoleDialer Role = "dialer" // owns calls and agents' audio
	RoleWeb    Role = "web"    // serves agents, supervisors and the API
)

// Database is PostgreSQL.
type Database struct {
	// URL is as pgx and psql read it. In the file it holds no password.
	URL string `koanf:"url"`
	// URLFile holds the URL, password included.
	URLFile string `koanf:"url_file"`
}

// Redis is the store of queues and published copies.
type Redis struct {
	// URL is redis://, rediss:// or unix://. In the file it holds no password.
	URL string `koanf:"url"`
	// URLFile holds the URL, password included.
	URLFile string `koanf:"url_file"`
}

// Clock is business time.
type Clock struct {
	// Offset is added to the database's clock to give business time. Other than
	// zero only for demonstrations and tests.
	Offset time.Duration `koanf:"offset"`
}

// HTTP serves the pages, the API and the agents' WebSocket.
type HTTP struct {
	Listen string `koanf:"listen"`
	// PublicURL is how browsers reach the server; Load derives it from Listen
	// where it is not set.
	PublicURL string `koanf:"public_url"`
	// Origins may open the WebSocket besides PublicURL's own.
	Origins []string `koanf:"origins"`
}

// SIP is signalling, towards the carriers and towards agents' phones.
type SIP struct {
	// Listen is the host:port for carriers.
	Listen string `koanf:"listen"`
	// AdvertisedIP is what carriers and phones are told to send to; Load derives
	// it from Listen where it is not set.
	AdvertisedIP string `koanf:"advertised_ip"`
	// PhonesListen is the host:port where agents' phones register.
	PhonesListen string `koanf:"phones_listen"`
	UserAgent    string `koanf:"user_agent"`
}

// Media is RTP.
type Media struct {
	BindIP string `koanf:"bind_ip"`
	// AdvertisedIP goes into SDP; Load derives it from sip.advertised_ip or
	// BindIP where it is not set.
	AdvertisedIP string `koanf:"advertised_ip"`
	// PortMin and PortMax bound the RTP ports, both included; a leg takes an even
	// one and the odd one after it.
	PortMin int `koanf:"port_min"`
	PortMax int `koanf:"port_max"`
	// MaxLegs bounds the audio legs at one time.
	MaxLegs int `koanf:"max_legs"`
}

// Trunk is a carrier route.
type Trunk struct {
	Name string `koanf:"name"`
	// Address is the carrier's host:port.
	Address string `koanf:"address"`
	// Allow are the networks whose calls are taken as this trunk's. Load fills it
	// with Address where that is an IP address and nothing is set.
	Allow []netip.Prefix `koanf:"allow"`
	// Username and Password answer a digest challenge.
	Username string `koanf:"username"`
	// Password comes from PasswordFile or from TrunkPasswordEnv.
	Password     Secret `koanf:"password" secret:"env"`
	PasswordFile string `koanf:"password_file"`
	// Channels bounds the calls at one time; zero: DefaultChannels.
	Channels int `koanf:"channels"`
	// CallsPerSecond bounds new calls; zero: DefaultCallsPerSecond.
	CallsPerSecond float64 `koanf:"calls_per_second"`
	// CallerIDs are the numbers that this carrier lets us show, in E.164; empty:
	// the campaign's, whatever they are.
	CallerIDs []string `koanf:"caller_ids"`
}

// Inbound says where calls to one of our numbers go.
type Inbound struct {
	// Number is the called number in E.164.
	Number string `koanf:"number"`
	Queue  string `koanf:"queue"`
	// Campaign names the campaign that lends its script, offer and dispositions to
	// callers whom we have not called before; optional.
	Campaign string `koanf:"campaign"`
	// ServiceLevelSeconds is T of the queue's service level; zero: as another
	// entry of the queue says, else DefaultServiceLevelSeconds.
	ServiceLevelSeconds int `koanf:"service_level_seconds"`
}

// Limits bound this process.
type Limits struct {
	// MaxCalls bounds live calls; more are refused early with 503.
	MaxCalls int `koanf:"max_calls"`
	// CallsPerSecond bounds new calls over all trunks.
	CallsPerSecond float64 `koanf:"calls_per_second"`
	// Drain is how long live calls may go on after INT or TERM.
	Drain time.Duration `koanf:"drain"`
	// ConnectLimit is from the customer's answer to an agent; after it the call
	// is dropped with the safe-harbor message.
	ConnectLimit time.Duration `koanf:"connect_limit"`
	// RingTimeout is from the INVITE to CANCEL.
	RingTimeout time.Duration `koanf:"ring_timeout"`
}

// Agents are the times of the agents' connection and states.
type Agents struct {
	// Grace is how long an idle agent without a connection stays, before
	// not_ready.
	Grace time.Duration `koanf:"grace"`
}

// Phone says how numbers without a country code are read.
type Phone struct {
	// DefaultRegion is two letters of ISO 3166-1.
	DefaultRegion string `koanf:"default_region"`
}

// Secrets are the keys of the installation.
type Secrets struct {
	// NumberKey is the key of the numbers' HMAC, from NumberKeyFile or from
	// RINGMASTER_SECRETS_NUMBER_KEY. It never changes: what was computed with
	// another is not found again.
	NumberKey     Secret `koanf:"number_key" secret:"env"`
	NumberKeyFile string `koanf:"number_key_file"`
}

// Log is the process's log on standard error.
type Log struct {
	Level slog.Level `koanf:"level"`
	// Format is json or text.
	Format string `koanf:"format"`
}

// Metrics is Prometheus's page.
type Metrics struct {
	// Listen is a host:port of its own; empty: /metrics on http.listen.
	Listen string `koanf:"listen"`
}

// SafeHarbor is what a person hears whom no agent could take in time.
type SafeHarbor struct {
	// File is a WAV file; empty: a built-in tone message.
	File string `koanf:"file"`
}

// Calling is what binds calls by law.
type Calling struct {
	// RulesFile is the installation's own book of calling rules; empty: those that
	// come with the program.
	RulesFile string `koanf:"rules_file"`
}

// Secret is text that no log and no printed struct shows.
type Secret string

// Reveal is the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the secret; an empty one shows as empty.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[secret]"
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides the secret from JSON and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
