package ingest

// vicidialColumns gives the column of a field in VICIdial's exports of leads
// (table vicidial_list). Columns that are called like the field need no line.
var vicidialColumns = map[string]string{
	"external_id": "vendor_lead_code",
	"phone":       "phone_number",
	"phone_2":     "alt_phone",
	"region":      "state",
}

// vicidialLeftOut are columns that mean something inside VICIdial alone, or that
// are read by themselves. The offset from GMT is one of them: it is that of the
// day of the export, without the rule for summer time; address and number tell
// more.
var vicidialLeftOut = []string{
	"status", "called_count", "last_local_call_time", "callback_time", "phone_code", "gmt_offset_now", "called_since_last_reset",
	"modify_date", "user", "entry_list_id",
}

// vicidialStatuses gives the meaning of VICIdial's system statuses. What a
// center has made itself comes by Options.Statuses.
var vicidialStatuses = map[string]string{
	"NEW": PastReady,
	// At the export somebody was calling: nobody knows how it ended.
	"QUEUE": "unknown", "INCALL": "unknown", "DISPO": "unknown", "DONEM": "unknown",
	// Nobody was free: of the dialer, before the agents' screens, inbound.
	"DROP": "dropped", "PDROP": "dropped", "XDROP": "dropped",
	"NA": "no_answer", "N": "no_answer", "CPDNA": "no_answer",
	"B": "busy", "AB": "busy", "CPDB": "busy",
	"A": "machine", "AA": "machine", "AM": "machine", "AL": "machine", "PM": "machine", "CPDATB": "congestion",
	"DC": "bad_number", "ADC": "bad_number", "ADCCAR": "bad_number", "CPDINV": "bad_number",
	"ADCT": "unreachable", "AFAX": "bad_number", "CPDREJ": "rejected", "CPDUNK": "unknown", "CPDERR": "failed",
	"LRERR": "failed", "ERI": "failed",
	// Somebody was there, and nobody says what came of it.
	"PU": "answered", "DAIR": "answered", "ADAIR": "answered", "RQXFER": "answered", "IVRXFR": "answered",
	"SVYCLM": "answered", "SVYEXT": "answered", "SVYHU": "answered", "SVYREC": "answered", "SVYVM": "answered",
	// They called, and nobody took it.
	"TIMEOT": PastReady, "AFTHRS": PastReady, "NANQUE": PastReady, "IQNANQ": PastReady, "QVMAIL": PastReady, "MAXCAL": PastReady,
	"CALLBK": "callback", "CBHOLD": "callback",
	"DNC": PastDoNotCall, "DNCL": PastDoNotCall, "DNCC": PastDoNotCallCampaign,
	"NI": "not_interested", "NP": "not_interested", "DEC": "not_interested",
	"SALE": "sale", "XFER": "served", "HXFER": "served",
}
