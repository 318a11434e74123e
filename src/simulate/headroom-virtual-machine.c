/* headroom-virtual-machine.c: see headroom-virtual-machine.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-virtual-machine.h"

#include "headroom-catalogue.h"
#include "headroom-json.h"

#include <math.h>

typedef struct {
  GSource *source;
  gint64 at_us;
  guint64 order; /* of things that are due at once, the earlier one goes first */
} Timer;

typedef struct {
  HrModel *model; /* a stand-in where only the size is known */
  guint64 bytes;  /* 0: as the shape says */
  guint64 filled; /* of its cache, on the host, beyond what is planned */
  gboolean is_releasing;
} Model;

struct _HeadroomVirtualMachine {
  HeadroomMachine parent_instance;

  GMainContext *context;
  HrDevice *devices;
  gsize n_devices;
  double disk;
  gint64 now_us;
  GSequence *timers;     /* Timer, by time and order */
  guint64 n_timers;      /* that there ever were */
  GHashTable *models;    /* path -> Model */
  guint n_stand_ins;
  gint64 release_us;     /* that a cache takes to go */
  guint32 threads;       /* of every model; 0: not asked the system yet */
  GPtrArray *residents;  /* that have memory */
  guint64 *others;       /* [n_devices] what programs that are not ours take */
  HrPressure pressure;
  HeadroomVitals vitals;
  GSource *pulse;        /* who wants to know when these two change, or NULL */
  HeadroomVirtualFreedFunc freed;
  gpointer freed_data;
};

G_DEFINE_FINAL_TYPE (HeadroomVirtualMachine, headroom_virtual_machine, HEADROOM_TYPE_MACHINE)

/* ---- Time ---- */

static gint64
virtual_now_us (HeadroomMachine *machine)
{
  return HEADROOM_VIRTUAL_MACHINE (machine)->now_us;
}

static gint64
virtual_now_ns (HeadroomMachine *machine)
{
  return HEADROOM_VIRTUAL_BEGINNING_NS + HEADROOM_VIRTUAL_MACHINE (machine)->now_us * 1000;
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback != NULL ? callback (data) : G_SOURCE_REMOVE;
}

static int
compare_timers (gconstpointer a, gconstpointer b, gpointer unused)
{
  const Timer *x = a, *y = b;

  if (x->at_us != y->at_us)
    return x->at_us < y->at_us ? -1 : 1;
  return x->order < y->order ? -1 : x->order > y->order;
}

static void
timer_free (gpointer data)
{
  g_source_unref (((Timer *) data)->source);
  g_free (data);
}

/* Never ready by itself: the clock's hand makes it so. */
static GSource *
virtual_new_timeout (HeadroomMachine *machine, gint64 us)
{
  static GSourceFuncs funcs = { .dispatch = dispatch };
  HeadroomVirtualMachine *self = HEADROOM_VIRTUAL_MACHINE (machine);
  GSource *source = g_source_new (&funcs, sizeof (GSource));
  gint64 wait = CLAMP (us, 0, G_MAXINT64 - self->now_us);
  Timer *timer = g_new (Timer, 1);

  *timer = (Timer) { g_source_ref (source), self->now_us + wait, self->n_timers++ };
  g_sequence_insert_sorted (self->timers, timer, compare_timers, NULL);
  return source;
}

/* Ready once a reading changes. */
static GSource *
virtual_new_pulse (HeadroomMachine *machine, gint64 us)
{
  static GSourceFuncs funcs = { .dispatch = dispatch };
  HeadroomVirtualMachine *self = HEADROOM_VIRTUAL_MACHINE (machine);

  g_clear_pointer (&self->pulse, g_source_unref);
  self->pulse = g_source_new (&funcs, sizeof (GSource));
  return g_source_ref (self->pulse);
}

static void
readings_changed (HeadroomVirtualMachine *self)
{
  if (self->pulse != NULL && !g_source_is_destroyed (self->pulse))
    g_source_set_ready_time (self->pulse, 0);
}

/* The next timer that is still wanted; those before it are forgotten. */
static GSequenceIter *
find_next (HeadroomVirtualMachine *self)
{
  GSequenceIter *next = g_sequence_get_begin_iter (self->timers);

  while (!g_sequence_iter_is_end (next) &&
         g_source_is_destroyed (((Timer *) g_sequence_get (next))->source)) {
    g_sequence_remove (next);
    next = g_sequence_get_begin_iter (self->timers);
  }
  return g_sequence_iter_is_end (next) ? NULL : next;
}

static void
run_context (HeadroomVirtualMachine *self)
{
  while (g_main_context_iteration (self->context, FALSE))
    continue;
}

gboolean
headroom_virtual_machine_step (HeadroomVirtualMachine *self)
{
  GSequenceIter *next;
  g_autoptr (GSource) source = NULL;

  run_context (self);
  next = find_next (self);
  if (next == NULL)
    return FALSE;
  self->now_us = MAX (self->now_us, ((Timer *) g_sequence_get (next))->at_us);
  source = g_source_ref (((Timer *) g_sequence_get (next))->source);
  g_sequence_remove (next);
  g_source_set_ready_time (source, 0);
  run_context (self);
  return TRUE;
}

static void
virtual_wait (HeadroomMachine *machine, GMainContext *context)
{
  headroom_virtual_machine_step (HEADROOM_VIRTUAL_MACHINE (machine));
}

/* ---- Memory ---- */

gsize
headroom_virtual_machine_n_devices (HeadroomVirtualMachine *self)
{
  return self->n_devices;
}

const HrDevice *
headroom_virtual_machine_get_device (HeadroomVirtualMachine *self, gsize device)
{
  return &self->devices[device];
}

guint64
headroom_virtual_machine_get_used (HeadroomVirtualMachine *self, gsize device)
{
  guint64 bytes = 0;

  for (guint i = 0; i < self->residents->len; i++)
    bytes += headroom_resident_get_bytes (self->residents->pdata[i], device);
  return bytes;
}

static Model *
find_by_entry (HeadroomVirtualMachine *self, HeadroomModelEntry *entry)
{
  return g_hash_table_lookup (self->models, headroom_model_entry_get_path (entry));
}

static guint64
count_filled (HeadroomVirtualMachine *self)
{
  guint64 bytes = 0;

  for (guint i = 0; i < self->residents->len; i++)
    bytes += find_by_entry (self, ((HeadroomResident *) self->residents->pdata[i])->entry)->filled;
  return bytes;
}

void
headroom_virtual_machine_set_filled (HeadroomVirtualMachine *self, HeadroomModelEntry *entry,
                                     guint64 bytes)
{
  find_by_entry (self, entry)->filled = bytes;
  readings_changed (self);
}

void
headroom_virtual_machine_set_release_time (HeadroomVirtualMachine *self, gint64 us)
{
  self->release_us = us;
}

/* The machine has its models for as long as its time passes. */
static gboolean
released_cb (gpointer data)
{
  Model *model = data;

  model->filled = 0;
  model->is_releasing = FALSE;
  return G_SOURCE_REMOVE;
}

static guint64
virtual_release_cache (HeadroomMachine *machine, HeadroomResident *resident)
{
  HeadroomVirtualMachine *self = HEADROOM_VIRTUAL_MACHINE (machine);
  Model *model = find_by_entry (self, resident->entry);
  guint64 bytes = model->filled;

  if (bytes == 0 || self->release_us == 0) {
    released_cb (model);
  } else {
    g_autoptr (GSource) source = virtual_new_timeout (machine, self->release_us);
    model->is_releasing = TRUE;
    g_source_set_callback (source, released_cb, model, NULL);
    g_source_attach (source, self->context);
  }
  return bytes;
}

static gboolean
virtual_is_releasing (HeadroomMachine *machine, HeadroomResident *resident)
{
  return find_by_entry (HEADROOM_VIRTUAL_MACHINE (machine), resident->entry)->is_releasing;
}

/* What a system would say: promises are not taken yet. */
static gsize
virtual_probe (HeadroomMachine *machine, HrDevice *devices, gsize max)
{
  HeadroomVirtualMachine *self = HEADROOM_VIRTUAL_MACHINE (machine);
  gsize n = MIN (self->n_devices, max);

  for (gsize d = 0; d < n; d++) {
    guint64 taken =
        headroom_virtual_machine_get_used (self, d) + (d == 0 ? count_filled (self) : 0);
    for (guint i = 0; i < self->residents->len; i++)
      taken -= headroom_resident_get_promised_bytes (self->residents->pdata[i], d);
    devices[d] = self->devices[d];
    devices[d].free -= MIN (devices[d].free, taken + self->others[d]);
  }
  return n;
}

static void
virtual_read_pressure (HeadroomMachine *machine, HrPressure *ret_pressure)
{
  *ret_pressure = HEADROOM_VIRTUAL_MACHINE (machine)->pressure;
}

static void
virtual_read_vitals (HeadroomMachine *machine, GPtrArray *residents, HeadroomVitals *ret_vitals)
{
  *ret_vitals = HEADROOM_VIRTUAL_MACHINE (machine)->vitals;
}

void
headroom_virtual_machine_set_vitals (HeadroomVirtualMachine *self, const HeadroomVitals *vitals)
{
  self->vitals = *vitals;
  readings_changed (self);
}

void
headroom_virtual_machine_set_others (HeadroomVirtualMachine *self, gsize device, guint64 bytes)
{
  self->others[device] = bytes;
  readings_changed (self);
}

guint64
headroom_virtual_machine_get_others (HeadroomVirtualMachine *self, gsize device)
{
  return self->others[device];
}

void
headroom_virtual_machine_set_pressure (HeadroomVirtualMachine *self, const HrPressure *pressure)
{
  self->pressure = *pressure;
  readings_changed (self);
}

static Model *
find_by_model (HeadroomVirtualMachine *self, HrModel *model)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->models);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((Model *) value)->model == model)
      return value;
  return NULL;
}

/* A GPU if there is one, and of several the one with the most room. */
static guint32
find_device (const HrDevice *devices, gsize n)
{
  guint32 best = 0;

  for (guint32 d = 1; d < n; d++)
    if (best == 0 || devices[d].free > devices[best].free)
      best = d;
  return best;
}

static HeadroomFit *
virtual_fit (HeadroomMachine *machine, HrModel *model, const HrSettings *asked,
             const HrDevice *devices, gsize n_devices, GError **error)
{
  HeadroomVirtualMachine *self = HEADROOM_VIRTUAL_MACHINE (machine);
  Model *known = find_by_model (self, model);
  HrPlanItem item = { .kind = HR_ITEM_WEIGHTS,
                      .name = "weights",
                      .layer = -1,
                      .device = find_device (devices, n_devices) };
  HrSettings settings = *asked;

  if (known == NULL || known->bytes == 0) {
    if (self->threads == 0)
      self->threads = hr_cpu_count ();
    settings.threads = settings.threads > 0 ? settings.threads : self->threads;
    return headroom_fit_new (model, &settings, devices, n_devices, error);
  }
  item.bytes = known->bytes;
  settings.num_ctx = settings.num_ctx > 0 ? settings.num_ctx : HR_DEFAULT_NUM_CTX;
  settings.parallel = MAX (settings.parallel, 1);
  return headroom_fit_new_of_plan (hr_plan_new_of_items (&item, 1, &settings, devices, n_devices));
}

/* ---- Models ---- */

static void
virtual_open (HeadroomMachine *machine, HeadroomResident *resident, GTask *take_task)
{
  Model *model = find_by_entry (HEADROOM_VIRTUAL_MACHINE (machine), resident->entry);
  g_autoptr (GTask) task = take_task;
  g_autoptr (GError) error = NULL;

  if (hr_model_is_runnable (model->model, &error))
    g_task_return_pointer (task, hr_model_ref (model->model), (GDestroyNotify) hr_model_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* A load tells how far it is after so much time. */
#define PROGRESS_US (10 * G_USEC_PER_SEC)

typedef struct {
  GTask *task;
  double bytes, left; /* of the weights */
  gint64 since_us;
} Load;

static void
load_free (gpointer data)
{
  Load *load = data;

  g_object_unref (load->task);
  g_free (load);
}

static void
finish_load (HeadroomVirtualMachine *self, Load *load)
{
  HeadroomResident *resident = g_task_get_source_object (load->task);
  g_autoptr (GError) error = NULL;

  if (g_cancellable_set_error_if_cancelled (resident->cancellable, &error)) {
    g_ptr_array_remove_fast (self->residents, resident);
    g_task_return_error (load->task, g_steal_pointer (&error));
  } else {
    g_task_return_pointer (load->task, NULL, NULL);
  }
}

static void read_on (HeadroomVirtualMachine *self, Load *take_load);

/* A disk that stands still does not notice that nobody wants to read from it any more. */
static gboolean
was_read_cb (gpointer data)
{
  Load *load = data;
  HeadroomResident *resident = g_task_get_source_object (load->task);
  HeadroomVirtualMachine *self = HEADROOM_VIRTUAL_MACHINE (resident->machine);
  Load *rest = g_new (Load, 1);

  load->left -= self->disk * (double) (self->now_us - load->since_us) / G_USEC_PER_SEC;
  g_atomic_int_set (&resident->progress_permille,
                    (int) (1000 * (1 - MAX (load->left, 0) / MAX (load->bytes, 1))));
  *rest = *load;
  g_object_ref (rest->task);
  if (load->left < 1 || (self->disk > 0 && g_cancellable_is_cancelled (resident->cancellable))) {
    finish_load (self, load);
    load_free (rest);
  } else {
    read_on (self, rest);
  }
  return G_SOURCE_REMOVE;
}

static void
read_on (HeadroomVirtualMachine *self, Load *take_load)
{
  double us = self->disk > 0 ? ceil (take_load->left / self->disk * G_USEC_PER_SEC) : PROGRESS_US;
  g_autoptr (GSource) source =
      virtual_new_timeout (HEADROOM_MACHINE (self), (gint64) MIN (us, PROGRESS_US));

  take_load->since_us = self->now_us;
  g_source_set_callback (source, was_read_cb, take_load, load_free);
  g_source_attach (source, self->context);
}

void
headroom_virtual_machine_set_disk (HeadroomVirtualMachine *self, double disk)
{
  self->disk = disk;
}

static void
virtual_load (HeadroomMachine *machine, HeadroomResident *resident, GTask *take_task)
{
  HeadroomVirtualMachine *self = HEADROOM_VIRTUAL_MACHINE (machine);
  Load *load = g_new0 (Load, 1);

  load->task = take_task;
  load->bytes = load->left = (double) hr_plan_get_bytes (resident->plan, HR_ITEM_WEIGHTS);
  g_ptr_array_add (self->residents, resident);
  read_on (self, load);
}

static gboolean
resized_cb (gpointer data)
{
  g_task_return_boolean (data, TRUE);
  return G_SOURCE_REMOVE;
}

/* In no time: what is reserved changes, nothing is moved. */
static void
virtual_resize (HeadroomMachine *machine, HeadroomResident *resident, GTask *take_task)
{
  g_autoptr (GSource) source = virtual_new_timeout (machine, 0);

  g_source_set_callback (source, resized_cb, take_task, g_object_unref);
  g_source_attach (source, HEADROOM_VIRTUAL_MACHINE (machine)->context);
}

static gboolean
unloaded_cb (gpointer data)
{
  GTask *task = data;
  HeadroomResident *resident = g_task_get_source_object (task);
  HeadroomVirtualMachine *self = HEADROOM_VIRTUAL_MACHINE (resident->machine);

  g_ptr_array_remove_fast (self->residents, resident);
  if (self->freed != NULL)
    self->freed (headroom_model_entry_get_name (resident->entry), self->freed_data);
  g_task_return_boolean (task, TRUE);
  return G_SOURCE_REMOVE;
}

static void
virtual_unload (HeadroomMachine *machine, HeadroomResident *resident, HrRunner *take_runner,
                GTask *take_task)
{
  g_autoptr (GSource) source = virtual_new_timeout (machine, 0);

  g_assert (take_runner == NULL);
  g_source_set_callback (source, unloaded_cb, take_task, g_object_unref);
  g_source_attach (source, HEADROOM_VIRTUAL_MACHINE (machine)->context);
}

void
headroom_virtual_machine_set_freed_func (HeadroomVirtualMachine *self,
                                         HeadroomVirtualFreedFunc func, gpointer data)
{
  self->freed = func;
  self->freed_data = data;
}

/* A shape of a few bytes. */
static HrModel *
new_stand_in (void)
{
  static const char json[] =
      "{\"hparams\":{\"block_count\":1,\"context_length\":1048576,\"embedding_length\":64,\"feed_forward_length\":64,\"vocab_size\":64,"
      "\"attention.head_count\":1,\"tied\":true}}";
  g_autoptr (HrValue) document = headroom_json_parse (json, -1, TRUE, NULL);
  HeadroomCatalogueEntry entry = { "stand-in", "llama", "F32", "", document };

  return headroom_catalogue_open (&entry, NULL, NULL);
}

/* For the models of a machine of which only the size is known, each its own: they are alike, so the
 * next machine takes the same. */
static HrModel *
ref_stand_in (guint index)
{
  static GMutex lock;
  static GPtrArray *models; /* as many as a machine ever had */
  HrModel *model;

  g_mutex_lock (&lock);
  if (models == NULL)
    models = g_ptr_array_new ();
  while (models->len <= index)
    g_ptr_array_add (models, new_stand_in ());
  model = hr_model_ref (models->pdata[index]);
  g_mutex_unlock (&lock);
  return model;
}

static void
model_free (gpointer data)
{
  Model *model = data;

  hr_model_unref (model->model);
  g_free (model);
}

HeadroomModelEntry *
headroom_virtual_machine_add_model (HeadroomVirtualMachine *self, const char *name, HrModel *shape,
                                    guint64 bytes)
{
  HeadroomModelEntry *entry = headroom_model_entry_new_imagined (name);
  Model *model = g_new0 (Model, 1);

  model->model = shape != NULL ? hr_model_ref (shape) : ref_stand_in (self->n_stand_ins++);
  model->bytes = shape != NULL ? 0 : bytes;
  g_hash_table_replace (self->models, g_strdup (headroom_model_entry_get_path (entry)), model);
  return entry;
}

/* ---- The class ---- */

static void
headroom_virtual_machine_finalize (GObject *object)
{
  HeadroomVirtualMachine *self = HEADROOM_VIRTUAL_MACHINE (object);

  g_sequence_free (self->timers);
  g_hash_table_unref (self->models);
  g_ptr_array_unref (self->residents);
  g_main_context_unref (self->context);
  g_clear_pointer (&self->pulse, g_source_unref);
  g_free (self->devices);
  g_free (self->others);
  G_OBJECT_CLASS (headroom_virtual_machine_parent_class)->finalize (object);
}

static void
headroom_virtual_machine_class_init (HeadroomVirtualMachineClass *klass)
{
  HeadroomMachineClass *machine = HEADROOM_MACHINE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = headroom_virtual_machine_finalize;
  machine->is_imagined = TRUE;
  machine->now_us = virtual_now_us;
  machine->now_ns = virtual_now_ns;
  machine->new_timeout = virtual_new_timeout;
  machine->new_pulse = virtual_new_pulse;
  machine->wait = virtual_wait;
  machine->probe = virtual_probe;
  machine->read_pressure = virtual_read_pressure;
  machine->read_vitals = virtual_read_vitals;
  machine->fit = virtual_fit;
  machine->open = virtual_open;
  machine->load = virtual_load;
  machine->resize = virtual_resize;
  machine->release_cache = virtual_release_cache;
  machine->is_releasing = virtual_is_releasing;
  machine->unload = virtual_unload;
}

static void
headroom_virtual_machine_init (HeadroomVirtualMachine *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->timers = g_sequence_new (timer_free);
  self->models = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, model_free);
  self->residents = g_ptr_array_new ();
}

HeadroomVirtualMachine *
headroom_virtual_machine_new (const HrDevice *devices, gsize n_devices, double disk)
{
  HeadroomVirtualMachine *self = g_object_new (HEADROOM_TYPE_VIRTUAL_MACHINE, NULL);

  self->devices = g_memdup2 (devices, n_devices * sizeof *devices);
  self->n_devices = n_devices;
  self->others = g_new0 (guint64, n_devices);
  self->disk = disk;
  return self;
}
