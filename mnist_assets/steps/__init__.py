"""Pure steps: NumPy, pandas and Keras code that knows nothing of Dagster.

A step takes values and tunables and returns values; it neither reads settings nor draws (that is
`figures/`) nor stores anything. A stage has the module of its name, and those beside it:

dataset      dataset, dataset_checks, alignment, repeats; idx, download
exploration  exploration, grey, similarity
preparation  preparation, normalization
networks     networks, history, training, training_loop, joined_weights, batches, filled_batches
             compile_cache
evaluation   evaluation, evaluation_checks, metrics, recount, forward_pass, comparison
             quality, calibration, distortions, robustness, mistakes, label_errors
study        study, study_training, study_runs, study_workers, paired_tests, student_t
champion     champion, contender, mcnemar, promotion_criteria, training_log
             champion_archive, champion_change, champion_history
inference    digits, picture_files, inbox, drift
report       report, story, report_facts, report_quality, report_study, page_checks, page_network
everywhere   findings, formatting
"""
