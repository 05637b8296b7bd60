package engine

import (
	"context"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring/judge"
	"ringmaster/campaigns/scoring/model"
)

// Models is what the engine needs of the truth to train models.
type Models interface {
	// ClaimTraining reports whether the caller is to train the model: nobody
	// began within the last period.
	ClaimTraining(ctx context.Context, name string, period time.Duration) (bool, error)
	// TrainingRows gives the attempts of campaigns within the last time, most of
	// them at most and the newest last.
	TrainingRows(ctx context.Context, campaignIDs []int64, within time.Duration, most int) (*model.Table, error)
	// ModelInUse gives the model of that name, or nil.
	ModelInUse(ctx context.Context, name string) (*model.Model, error)
	// AddModel saves a model, in use or not, and gives its version.
	AddModel(ctx context.Context, name string, campaignID int64, m *model.Model, metrics map[string]float64, use bool) (int, error)
}

const (
	// trainLook is how often it is looked whether a model is due, and trainLimit
	// how long a training may take.
	trainLook  = time.Minute
	trainLimit = 10 * time.Minute
	// firstTraining is how often a model without a version in use is tried.
	firstTraining = time.Hour
	// trainedWithin and trainedRows are the window of attempts that a model learns
	// from.
	trainedWithin = 180 * 24 * time.Hour
	trainedRows   = 20_000
	// judgedShare of the rows, the newest, judge what the others teach.
	judgedShare = 0.2
)

// trainTask trains what is due until ctx ends.
func (e *Engine) trainTask(ctx context.Context) {
	tick := time.NewTicker(trainLook)
	defer tick.Stop()
	for {
		e.attemptWithin(ctx, taskTrain, trainLimit, e.train)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// train trains each model that an active campaign names and that is due.
func (e *Engine) train(ctx context.Context) error {
	all, err := e.options.Store.ActiveCampaigns(ctx)
	if err != nil {
		return err
	}
	users := map[string][]int64{}
	for _, c := range all {
		if name := c.Settings.Selection.Model; name != "" {
			users[name] = append(users[name], c.ID)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(users)) {
		inUse, err := e.options.Models.ModelInUse(ctx, name)
		if err != nil {
			return err
		}
		period := e.options.Retrain
		if inUse == nil {
			period = min(period, firstTraining)
		}
		due, err := e.options.Models.ClaimTraining(ctx, name, period)
		if err != nil {
			return err
		}
		if !due {
			continue
		}
		if err := e.retrain(ctx, name, users[name], inUse); err != nil {
			return campaigns.Wrap(campaigns.CodeOf(err), "model "+name, err)
		}
	}
	return nil
}

// retrain trains one model. Judged on the newest attempts, which the judged one
// has not seen, a new model that orders them worse than what is in use is saved,
// for people to look at, and not used. With no model in use the propensities as
// given are what it has to match.
func (e *Engine) retrain(ctx context.Context, name string, campaignIDs []int64, inUse *model.Model) error {
	rows, err := e.options.Models.TrainingRows(ctx, campaignIDs, trainedWithin, trainedRows)
	if err != nil {
		return err
	}
	options := model.Options{Target: "success", TimeOrder: true}
	split := rows.Len() - int(judgedShare*float64(rows.Len()))
	trial, err := model.Train(ctx, rows.Slice(0, split), options)
	if campaigns.CodeOf(err) == campaigns.CodeInvalid {
		e.log.Info("nothing to train a model on", "model", name, "attempts", rows.Len(), "reason", err)
		return nil
	}
	if err != nil {
		return err
	}
	newest := rows.Slice(split, rows.Len())
	metrics, better := compare(trial, inUse, newest)
	fresh, err := model.Train(ctx, rows, options)
	if err != nil {
		return err
	}
	version, err := e.options.Models.AddModel(ctx, name, campaignIDs[0], fresh, metrics, better)
	if err != nil {
		return err
	}
	told := e.log.With("model", name, "version", version, "attempts", rows.Len(), "auc", metrics["auc"], "auc_in_use", metrics["auc_in_use"])
	if !better {
		e.metrics.kept.Inc()
		told.Warn("the model in use does better than a new one and is kept")
		return nil
	}
	e.metrics.trained.Inc()
	told.Info("model trained and in use")
	for _, id := range campaignIDs {
		e.Wake(id)
	}
	return nil
}

// compare judges a model against the one in use on rows that it has not seen:
// better if it orders them no worse. Rows of one class say nothing against it.
func compare(trial, inUse *model.Model, rows *model.Table) (metrics map[string]float64, better bool) {
	scores := trial.ScoreAll(rows)
	var before []float64
	if inUse != nil {
		before = inUse.ScoreAll(rows)
	} else {
		before = make([]float64, rows.Len())
		for i := range before {
			before[i], _ = strconv.ParseFloat(rows.Row(i)["given_propensity"], 64)
		}
	}
	fresh, old := judge.AUC(scores, rows.Labels), judge.AUC(before, rows.Labels)
	metrics = map[string]float64{"judged_rows": float64(rows.Len())}
	for metric, value := range map[string]float64{"auc": fresh, "auc_in_use": old, "auc_se": judge.StandardError(scores, rows.Labels)} {
		if !math.IsNaN(value) {
			metrics[metric] = value
		}
	}
	return metrics, math.IsNaN(fresh) || fresh >= old
}
